/* SPDX-License-Identifier: Apache-2.0 */
/* Writing JSON: a stream of fields, commas and escapes taken care of. */
#ifndef IMPRINT_JSON_H
#define IMPRINT_JSON_H

#include <stdio.h>

#include "base/bytes.h"

struct json {
	FILE *f;
	bool first; /* the next field needs no comma */
};

/* Text as a JSON string, which a terminal may be shown, too: nothing in it is a control
 * or bidirectional character. */
void json_quote(FILE *f, struct imp_span text);
/* Start an object, an array, or with '"' a text that the caller puts piece by piece, as
 * the value of a key (NULL: of nothing, or in an array). */
void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);
void json_text(struct json *j, const char *key, struct imp_span text);
void json_some(struct json *j, const char *key, struct imp_span text); /* empty is null */
void json_str(struct json *j, const char *key, const char *text);      /* NULL is null */
void json_hex(struct json *j, const char *key, struct imp_span bytes); /* empty is null */
void json_base64(struct json *j, const char *key, struct imp_span bytes);
void json_uint(struct json *j, const char *key, uint64_t v);
void json_bool(struct json *j, const char *key, bool v);

#endif
