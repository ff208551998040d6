/* SPDX-License-Identifier: Apache-2.0 */
/* Reading descriptions, of objects and of modems, from their YAML. Private to
 * lib/source. */
#ifndef IMP_SOURCE_DESCRIBE_H
#define IMP_SOURCE_DESCRIBE_H

#include "model/modem.h"
#include "model/object.h"
#include "source/tree.h"

struct reading {
	struct imp_diags *diags;
	struct imp_mark at; /* of the description at hand, for what is missing in it */
	bool out_of_memory;
};

/* describe.c: each records a mistake where what it reads is another thing. */

void check_keys(struct reading *r, const struct imp_yaml *map, const char *const *list);
/* A copy, owned by the caller; never NULL while there is memory: names are compared. */
char *text_of(struct reading *r, const char *text);
bool number_of(struct reading *r, const struct imp_yaml *n, int64_t min, int64_t max,
	       int64_t *out);
bool truth_of(struct reading *r, const struct imp_yaml *n); /* none: false */
/* The index of a word in a list, which may have gaps; -1 with a mistake recorded. */
int word_of(struct reading *r, const struct imp_yaml *n, const char *const *list,
	    size_t count);
/* What a word means for a resource: a named value, a named bit, true, false, a number. */
bool value_of_word(struct reading *r, const struct imp_resource *res, const char *word,
		   struct imp_mark mark, int64_t *out);
/* The same for a node, which must be a scalar. */
bool value_of_node(struct reading *r, const struct imp_resource *res,
		   const struct imp_yaml *n, int64_t *out);
size_t children(const struct imp_yaml *n); /* none: 0 */

/* describe_resource.c: all under resources:, ascending by id. */
void read_resources(struct reading *r, const struct imp_yaml *n, struct imp_object *o);

/* describe_rule.c: all under rules:; the resources have been read. */
void read_rules(struct reading *r, const struct imp_yaml *n, struct imp_object *o);

/* modem_command.c: *c is zero, and is let go by whoever owns it. */
void read_command(struct reading *r, const struct imp_catalog *catalog,
		  const struct imp_yaml *n, struct imp_at_command *c);

#endif
