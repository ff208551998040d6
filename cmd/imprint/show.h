/* SPDX-License-Identifier: Apache-2.0 */
/* Showing CBOR as a tree with names for labels, claims, objects and resources; secrets
 * never. */
#ifndef IMPRINT_SHOW_H
#define IMPRINT_SHOW_H

#include <stdio.h>

#include "base/bytes.h"
#include "base/error.h"

/* The name and secrecy of a setting, from the object descriptions; NULL fields where
 * unknown. */
struct show_resource {
	const char *object, *resource;
	bool secret;
};

struct show_names {
	void *ctx;
	/* Fill *out for /object/instance/resource; false where no description is at hand.
	 */
	bool (*find)(void *ctx, unsigned object, unsigned resource,
		     struct show_resource *out);
};

/*
 * Show one item as text or as JSON.
 *
 *   names   may be NULL: then settings whose object is unknown show type and length only
 *
 * 0, or -IMP_EFORMAT where the item is not well formed: the message names offset and
 * rule.
 */
int show_item(FILE *f, bool json, struct imp_span item, const struct show_names *names,
	      struct imp_error *err);

#endif
