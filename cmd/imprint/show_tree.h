/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of showing share. */
#ifndef IMPRINT_SHOW_TREE_H
#define IMPRINT_SHOW_TREE_H

#include "cbor/reader.h"
#include "show.h"
#include "show_tables.h"

struct show {
	FILE *f;
	bool json;
	unsigned depth;
	const struct show_names *names;
};

/* Show the item at the cursor. */
void show_value(struct show *s, struct imp_cbor *c, enum show_as as,
		const struct show_key *map);
/* Between items of a container; around them. */
void show_next(struct show *s, bool first);
void show_open(struct show *s, char bracket);
void show_close(struct show *s, char bracket);
/* A byte string that holds one item, as that item. */
void show_wrapped(struct show *s, struct imp_cbor *c, enum show_as as,
		  const struct show_key *map);
/* A byte string that holds the leaf of a batch; what is none is not shown at all, since
 * there may be secrets in it. */
void show_leaf(struct show *s, struct imp_cbor *c);
/* A tagged item: a COSE message by its parts. */
void show_tag(struct show *s, struct imp_cbor *c);

#endif
