/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the reader of object descriptions share. Private to lib/source. */
#ifndef IMP_SOURCE_DESCRIBE_H
#define IMP_SOURCE_DESCRIBE_H

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
size_t children(const struct imp_yaml *n); /* none: 0 */

/* describe_resource.c: all under resources:, ascending by id. */
void read_resources(struct reading *r, const struct imp_yaml *n, struct imp_object *o);

/* describe_rule.c: all under rules:; the resources have been read. */
void read_rules(struct reading *r, const struct imp_yaml *n, struct imp_object *o);

#endif
