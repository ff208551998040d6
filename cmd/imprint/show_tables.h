/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of our objects are called. Source: imprint-formats(7). */
#ifndef IMPRINT_SHOW_TABLES_H
#define IMPRINT_SHOW_TABLES_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* How a value is read: as itself, or as something with names of its own. */
enum show_as {
	SHOW_PLAIN,
	SHOW_SECRET,	/* never shown: type and length only */
	SHOW_ALG,	/* an algorithm's number */
	SHOW_WRAPPED,	/* a byte string that holds CBOR of the map in `map` */
	SHOW_MAP,	/* a map of the table in `map` */
	SHOW_SETTINGS,	/* {object: {instance: {resource: value}}} */
	SHOW_OP,	/* a command's number */
	SHOW_LIFE,	/* a lifecycle number */
	SHOW_POLICY,	/* the bits of a policy */
	SHOW_MESSAGE,	/* a tagged COSE message */
	SHOW_COMPONENT, /* [content format, << measured component >>] */
	SHOW_LEAF,	/* << [<< headers >>, << payload of their typ >>] >> */
};

struct show_key {
	int64_t key;
	const char *name;
	enum show_as as;
	const struct show_key *map; /* ends with name NULL */
};

extern const struct show_key show_headers[];
/* The payload's table for a typ; NULL where none is known. */
const struct show_key *show_payload(struct imp_span typ);
/* A table for an untyped map: a batch head, the payload of a profile or of credentials,
 * or a COSE_Key, by its keys. */
const struct show_key *show_guess(struct imp_span map);

#endif
