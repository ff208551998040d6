/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the compiler share. Private to lib/source. */
#ifndef IMP_SOURCE_BUILD_H
#define IMP_SOURCE_BUILD_H

#include "source/profile_source.h"

/* expand.c */

/* What went into a scalar with its variables. */
struct expanded {
	bool hidden;	    /* must not be shown */
	const char *secret; /* a variable that is declared secret; NULL: none */
};
/* A scalar with its ${variables} put in; borrowed until the row ends. NULL with a mistake
 * recorded. */
const char *expand(struct imp_profile_source *s, const struct imp_yaml *n,
		   struct expanded *what);
/* The same where no secret may go. */
const char *expand_open(struct imp_profile_source *s, const struct imp_yaml *n,
			struct expanded *what);
/* May expand() yield something else in the next row? */
bool has_variables(const struct imp_yaml *n);
/* The same for n and all below it. */
bool uses_variables(const struct imp_yaml *n);
/* Never show the values of the variables that are put in below n. */
void variables_hide(struct imp_profile_source *s, const struct imp_yaml *n);
/* Note which variables are put in anywhere. */
void variables_use(struct imp_profile_source *s);

/* variables.c */

struct imp_variable *find_variable(struct imp_profile_source *s, const char *name);
/* What stands on labels is no secret, wherever it is put in. */
bool is_identifier(const char *type);
/* The declarations; all bindings, and what has no value in any row; -s of names that
 * nobody declared; the values of a row. */
void variables_read(struct imp_profile_source *s);
void variables_bind(struct imp_profile_source *s, const struct imp_csv *csv);
int variables_check_sets(struct imp_profile_source *s, struct imp_error *err);
int variables_take_row(struct imp_profile_source *s, const struct imp_csv *csv,
		       struct imp_secret *text, struct imp_error *err);

/* head.c: domain, sequence, epochs, label, ... Mistakes go to s->diags. */
void head_read(struct imp_profile_source *s);

/* target.c: who the profile of this row is for. */
void target_read(struct imp_profile_source *s, struct imp_target *out);

/* settings.c: all settings as the encoded map. Mistakes go to s->diags. 0, or -IMP_E...
 */
int compile_settings(struct imp_profile_source *s, struct imp_writer *w,
		     struct imp_error *err);
/* The settings of this row, or what they become, are more than max bytes. */
void too_large(struct imp_profile_source *s, const char *what, int max);

/* lookup.c: what a key under settings means; NULL with a mistake recorded. */
const struct imp_object *lookup_object(struct imp_profile_source *s,
				       const struct imp_yaml *n, uint16_t *instance);
const struct imp_resource *lookup_resource(struct imp_profile_source *s,
					   const struct imp_object *o,
					   const struct imp_yaml *n);
/* Is the key one of an object: apn/0? */
bool names_object(const struct imp_catalog *c, const char *key);
/* By name or number. */
const struct imp_resource *find_resource(const struct imp_object *o, const char *key);
/* Whatever is secret, or may be, is not shown: neither it nor the variables in it. */
void settings_hide(struct imp_profile_source *s);

/* One value on its way into the map. */
struct value {
	struct imp_profile_source *s;
	const struct imp_object *object;
	const struct imp_resource *resource;
	uint16_t instance, resource_instance;
	const struct imp_yaml *node;
	struct imp_writer *w;
	struct expanded with; /* the variables that were put in */
};

/* value.c: encode one scalar of a resource, exactly one item where nothing is wrong.
 * Mistakes go to s->diags. 0, or -IMP_E... */
int compile_value(const struct value *v, struct imp_error *err);
/* One of its scalars with the variables put in; NULL with a mistake recorded. */
const char *expand_value(struct value *v, const struct imp_yaml *n);
/* The words for a mistake in a value: the value itself only where it is no secret. */
void value_wrong(const struct value *v, const char *text, const char *fmt, ...)
	IMP_PRINTF(3, 4);
bool is_text(
	struct imp_span text); /* UTF-8 without control and bidirectional characters */
void put_text(const struct value *v, struct imp_span text);
/* The length that the resource asks for. */
void check_length(const struct value *v, struct imp_span bytes);
bool is_form(const char *name);

/* number.c */
bool parse_uint(const char *text, uint64_t max, uint64_t *out); /* digits only */
bool parse_int(const char *text, int64_t *out);			/* -12, 0x1f */
/* A decimal with a unit, in hundredths of a second: 10h, 20s, 81.92s. No unit: the
 * resource's own. */
bool parse_duration(const char *text, enum imp_unit unit, uint64_t *cs);
void put_number(const struct value *v, const char *text);
/* What the resource says about its numbers; text is shown, NULL: nothing. */
void check_number(const struct value *v, const char *text, int64_t n);
bool bit_of(const struct value *v, const char *text, uint64_t *bit);
void put_float(const struct value *v, const char *text);
void put_link(const struct value *v, const char *text);
bool is_timer(const struct imp_resource *r);
bool is_edrx(const struct imp_resource *r);
void put_edrx(const struct value *v);
void check_edrx(const struct value *v, struct imp_span octets);

/* listed.c: texts that are made of parts: PLMNs, and what commas separate. */
bool is_encoded_text(const struct imp_resource *r);
bool takes_list(const struct imp_resource *r); /* a list becomes one text */
void put_encoded_text(const struct value *v, struct imp_span text);
void put_joined(const struct value *list);

/* wording.c: the octet of a timer, or a single byte; the lowest bits as digits. */
bool octet_of(const struct imp_resource *r, const struct imp_setting *setting,
	      uint8_t *octet);
void put_bits(uint8_t octet, unsigned count, char out[9]);

/* bytes.c */
void put_bytes(const struct value *v, struct imp_span bytes);
void put_hex(const struct value *v, const char *text);
void put_base64(const struct value *v, const char *text);
int put_file(const struct value *v, const char *name, struct imp_error *err);
int put_generated(const struct value *v, const char *text, struct imp_error *err);
/* How to make a seed, behind the message that one is missing. Returns rc. */
int no_seed(struct imp_error *err, int rc);
void forget_files(struct imp_profile_source *s);
/*
 * The path of a regular file in the profile's folder or below it, links resolved.
 *
 *   out   owned by the caller
 *
 * 0, or -IMP_EFORMAT.
 */
int path_beside(const struct imp_profile_source *s, const char *name, char **out,
		struct imp_error *err);

#endif
