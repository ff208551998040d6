/* SPDX-License-Identifier: Apache-2.0 */
/* Profile source: opening one, and a profile a row. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "base/wipe.h"
#include "object/credentials.h"
#include "source/build.h"
#include "source/catalog.h"

/* A payload that fits into a package with its headers, a chain and its signatures. */
enum { SCRATCH_MAX = 4 * IMP_CSV_ROW_MAX, PAYLOAD_MAX = 60000 };

static int report(struct imp_profile_source *s, struct imp_secret *text,
		  struct imp_error *err)
{
	size_t n = s->diags.hits > 0 ? s->diags.hits : s->wrong;
	int rc;

	if (n == 0)
		return 0;
	s->diags.hits = 0;
	rc = imp_diag_format(&s->diags, imp_secret_span(&s->bytes), text, err);
	return rc ? rc
		  : imp_fail(err, IMP_EFORMAT, "%s: %zu mistake%s", s->diags.file, n,
			     imp_plural(n));
}

static int read_objects(struct imp_profile_source *s, struct imp_secret *text,
			struct imp_error *err)
{
	const struct imp_yaml *extra = imp_yaml_get(s->root, "objects");
	int rc = 0;

	if (extra && extra->kind != IMP_YAML_LIST)
		imp_diag(&s->diags, extra->mark, "objects: expected a list of files");
	for (const struct imp_yaml *n = extra ? extra->child : NULL; !rc && n;
	     n = n->next) {
		struct imp_error why = { 0 };
		char *path = NULL;

		if (n->kind != IMP_YAML_SCALAR || path_beside(s, n->text, &path, &why))
			imp_diag(&s->diags, n->mark, "objects: %s",
				 n->text ? why.msg : "expected a file");
		else
			rc = imp_catalog_add_file(&s->catalog, path, text, err);
		free(path);
	}
	return rc;
}

/* What does not change from row to row. */
static int prepare(struct imp_profile_source *s, const struct imp_csv *csv,
		   struct imp_secret *text, struct imp_error *err)
{
	int rc = read_objects(s, text, err);

	if (rc)
		return rc;
	head_read(s);
	variables_read(s);
	rc = variables_check_sets(s, err);
	if (rc)
		return rc;
	if (s->settings && s->settings->kind == IMP_YAML_MAP)
		settings_hide(s);
	variables_use(s);
	variables_bind(s, csv);
	s->wrong = s->diags.hits;
	/* Other mistakes wait for those of the first row, to be shown together. */
	if (s->target && s->target->kind == IMP_YAML_MAP && s->settings &&
	    s->settings->kind == IMP_YAML_MAP)
		return 0;
	if (s->settings)
		imp_diag_mask(&s->diags, s->settings->mark);
	return report(s, text, err);
}

int imp_profile_source_open(struct imp_profile_source *s, struct imp_crypto *crypto,
			    const struct imp_build_options *options,
			    const struct imp_csv *csv, struct imp_secret *text,
			    struct imp_error *err)
{
	int rc;

	memset(s, 0, sizeof(*s));
	s->crypto = crypto;
	s->options = *options;
	s->diags.file = options->path;
	s->diags.each_row = options->each_row;
	rc = imp_file_read(options->path, IMP_YAML_MAX, &s->bytes, err);
	if (!rc)
		rc = imp_catalog_read(&s->catalog, options->objects, text, err);
	if (!rc)
		rc = imp_yaml_parse(imp_secret_span(&s->bytes), &s->diags, &s->root, err);
	if (!rc && s->root && s->root->kind != IMP_YAML_MAP) {
		imp_diag_mask(&s->diags, s->root->mark);
		imp_diag(&s->diags, s->root->mark, "expected KEY: VALUE");
	}
	if (rc || !s->root || s->root->kind != IMP_YAML_MAP)
		return rc ? rc : report(s, text, err);
	rc = prepare(s, csv, text, err);
	return rc ? rc : imp_secret_reserve(&s->scratch, SCRATCH_MAX, err);
}

static int encode(struct imp_profile_source *s, const struct imp_profile *p,
		  struct imp_span *out, struct imp_secret *text, struct imp_error *err)
{
	struct imp_writer w = imp_writer(s->payload, PAYLOAD_MAX);

	imp_profile_encode(p, &w);
	*out = imp_written(&w);
	if (w.ok)
		return 0;
	too_large(s, "settings with the profile's head", PAYLOAD_MAX);
	return report(s, text, err);
}

int no_seed(struct imp_error *err, int rc)
{
	return imp_hint(err, rc, "imprint keygen --type seed -o seed.key");
}

static int check_seed(const struct imp_profile_source *s, struct imp_error *err)
{
	int rc;

	if (!s->has_secret || s->options.seed.len == 32)
		return 0;
	rc = imp_fail(err, IMP_EKEY, "%s: it holds secrets: --seed KEY is needed",
		      s->diags.file);
	return no_seed(err, rc);
}

/* Keyed with the seed, so that an id does not betray a PIN by trying. */
static int put_salt(struct imp_profile_source *s, const struct imp_profile *p,
		    uint8_t salt[32], struct imp_secret *text, struct imp_error *err)
{
	static const uint8_t none[32];
	bool seeded = s->options.seed.len == 32 && !s->options.drawn;
	struct imp_span key = seeded ? s->options.seed : IMP_SPAN(none), all;
	int rc = check_seed(s, err);

	if (rc || s->only_check)
		return rc;
	rc = encode(s, p, &all, text, err);
	if (!rc && imp_hmac(s->crypto, key, &all, 1, salt))
		rc = imp_fail(err, IMP_EINTERNAL, "HMAC failed");
	return rc;
}

/* A text of the head with its variables put in; empty where it is not there. */
static struct imp_span read_text(struct imp_profile_source *s, const struct imp_yaml *n,
				 size_t max, const char *wrong, bool *hidden)
{
	struct expanded what = { 0 };
	const char *text = n ? expand_open(s, n, &what) : NULL;
	struct imp_span out = imp_span_str(text);

	*hidden = what.hidden;
	s->diags.row = n && has_variables(n) ? s->row : 0;
	if (text && (out.len < 1 || out.len > max || !is_text(out)))
		imp_diag(&s->diags, n->mark, "%s", wrong);
	s->diags.row = 0;
	return out;
}

/* The label and the endpoint. */
static void read_texts(struct imp_profile_source *s, struct imp_profile *p)
{
	bool hidden;

	p->label =
		read_text(s, s->label, IMP_LABEL_MAX,
			  "profile: expected a label of 1 to 64 bytes", &s->label_hidden);
	s->endpoint = read_text(s, imp_yaml_get(s->root, "endpoint"), IMP_ENDPOINT_MAX,
				"endpoint: expected a name of 1 to 255 bytes", &hidden);
}

static int build(struct imp_profile_source *s, const struct imp_csv *csv,
		 struct imp_span *out, struct imp_secret *text, struct imp_error *err)
{
	struct imp_profile p = { .domain = s->domain,
				 .sequence = s->sequence,
				 .epochs = { s->epochs[0], s->epochs[1] } };
	uint8_t salt[32] = { 0 };
	struct imp_writer w;
	int rc, row;

	s->scratch.len = 0;
	s->has_secret = false;
	s->row = csv ? csv->row_line : 0;
	s->diags.rows = csv ? csv->name : NULL;
	row = variables_take_row(s, csv, text, err);
	rc = imp_secret_reserve(&s->encoded, IMP_CBOR_MAX, err);
	if (rc)
		return rc;
	w = imp_writer(s->encoded.ptr, s->encoded.cap);
	if (!row)
		target_read(s, &p.target);
	read_texts(s, &p);
	rc = compile_settings(s, &w, err);
	s->encoded.len = w.len; /* to be wiped */
	if (!rc || rc == -IMP_EKEY) {
		int mistakes = report(s, text, err);

		rc = mistakes ? mistakes : rc;
	}
	if (rc || row)
		return rc ? rc : row;
	p.settings = imp_written(&w);
	if (s->has_replaces)
		p.replaces = IMP_SPAN(s->replaces);
	rc = put_salt(s, &p, salt, text, err);
	p.salt = (struct imp_span){ salt, IMP_PROFILE_SALT };
	return rc ? rc : encode(s, &p, out, text, err);
}

int imp_profile_source_build(struct imp_profile_source *s, const struct imp_csv *csv,
			     struct imp_span *out, struct imp_secret *text,
			     struct imp_error *err)
{
	s->only_check = false;
	return build(s, csv, out, text, err);
}

int imp_profile_source_check(struct imp_profile_source *s, const struct imp_csv *csv,
			     struct imp_secret *text, struct imp_error *err)
{
	struct imp_span ignored;

	s->only_check = true;
	return build(s, csv, &ignored, text, err);
}

struct imp_mark imp_profile_source_key(const struct imp_profile_source *s,
				       const char *key)
{
	const struct imp_yaml *n = imp_yaml_get(s->root, key);

	return n ? n->key_mark : (struct imp_mark){ 0 };
}

int imp_profile_source_mistake(struct imp_profile_source *s, struct imp_mark mark,
			       bool in_row, const char *text, struct imp_secret *out,
			       struct imp_error *err)
{
	s->diags.row = in_row ? s->row : 0;
	imp_diag(&s->diags, mark, "%s", text);
	s->diags.row = 0;
	s->diags.hits = 0;
	return imp_diag_format(&s->diags, imp_secret_span(&s->bytes), out, err);
}

void imp_profile_source_fini(struct imp_profile_source *s)
{
	forget_files(s);
	imp_catalog_fini(&s->catalog);
	imp_yaml_free(&s->root);
	imp_secret_fini(&s->bytes);
	imp_secret_fini(&s->scratch);
	imp_secret_fini(&s->values);
	imp_secret_fini(&s->encoded);
	free(s->entries);
	imp_diag_fini(&s->diags);
	imp_wipe(s->payload, sizeof(s->payload));
}
