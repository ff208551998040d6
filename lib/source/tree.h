/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML as a tree that keeps marks. A strict part of it: one document of maps with text
 * keys, lists and scalars; no duplicate keys, anchors, aliases, tags, merge keys, complex
 * keys, control or bidirectional characters. Source: YAML 1.2; imprint-profile(5).
 */
#ifndef IMP_SOURCE_TREE_H
#define IMP_SOURCE_TREE_H

#include "source/diag.h"

enum { IMP_YAML_MAX = 1 << 20, IMP_YAML_DEPTH = 16 };

enum imp_yaml_kind { IMP_YAML_SCALAR, IMP_YAML_MAP, IMP_YAML_LIST };

struct imp_yaml {
	enum imp_yaml_kind kind;
	struct imp_mark mark;
	char *text;  /* scalar: NUL-terminated; owned */
	bool quoted; /* scalar in quotes: variables are put in */
	/* A map's pairs: key of each item; NULL in lists. */
	char *key; /* owned */
	struct imp_mark key_mark;
	struct imp_yaml *child, *last, *next; /* children in order */
	unsigned count;			      /* of children */
};

/*
 * Parse one document. Mistakes go to *diags.
 *
 *   out   the root; imp_yaml_free(); NULL where nothing could be made of it
 *
 * 0 also where there are mistakes; -IMP_ERESOURCE.
 */
int imp_yaml_parse(struct imp_span source, struct imp_diags *diags, struct imp_yaml **out,
		   struct imp_error *err) IMP_MUST_CHECK;
/* Several documents, as object files have them: each child of the root, a list, is one.
 */
int imp_yaml_parse_all(struct imp_span source, struct imp_diags *diags,
		       struct imp_yaml **out, struct imp_error *err) IMP_MUST_CHECK;
const struct imp_yaml *imp_yaml_get(const struct imp_yaml *map, const char *key);
void imp_yaml_free(struct imp_yaml **root); /* wipes: it may hold secrets */
const char *imp_yaml_version(void);	    /* "0.2.5", of the library that is loaded */

#endif
