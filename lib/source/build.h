/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the compiler share. Private to lib/source. */
#ifndef IMP_SOURCE_BUILD_H
#define IMP_SOURCE_BUILD_H

#include "source/profile_source.h"

/* A scalar with its ${variables} put in; borrowed until the row ends. NULL with a mistake
 * recorded. */
const char *expand(struct imp_profile_source *s, const struct imp_yaml *n, bool *secret);
struct imp_variable *find_variable(struct imp_profile_source *s, const char *name);
/* All settings as the encoded map. Mistakes go to s->diags. 0, or -IMP_E... */
int compile_settings(struct imp_profile_source *s, struct imp_writer *w,
		     struct imp_error *err);

/* head.c: domain, sequence, epochs, label, ... Mistakes go to s->diags. */
void head_read(struct imp_profile_source *s);

/* variables.c: one declaration; all bindings; -s of names that nobody declared; the
 * values of a row. */
void variables_read(struct imp_profile_source *s, const struct imp_yaml *n);
void variables_bind(struct imp_profile_source *s, const struct imp_csv *csv);
int variables_check_sets(struct imp_profile_source *s, struct imp_error *err);
int variables_take_row(struct imp_profile_source *s, const struct imp_csv *csv,
		       struct imp_secret *text, struct imp_error *err);

/* One value on its way into the map. */
struct value {
	struct imp_profile_source *s;
	const struct imp_object *object;
	const struct imp_resource *resource;
	uint16_t instance, resource_instance;
	const struct imp_yaml *node;
	struct imp_writer *w;
	bool secret; /* a secret variable was put in */
};

/* Encode one scalar of a resource. Mistakes go to s->diags. 0, or -IMP_E... */
int compile_value(const struct value *v, struct imp_error *err);
/* The words for a mistake in a value: the value itself only where it is no secret. */
void value_wrong(const struct value *v, const char *text, const char *fmt, ...)
	IMP_PRINTF(3, 4);

#endif
