/* SPDX-License-Identifier: Apache-2.0 */
/* Profile source: opening one, and a profile a row. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/wipe.h"
#include "model/identifier.h"
#include "source/build.h"
#include "source/catalog.h"

static int report(struct imp_profile_source *s, struct imp_secret *text,
		  struct imp_error *err)
{
	size_t n = s->diags.count;
	int rc;

	if (n == 0)
		return 0;
	rc = imp_diag_format(&s->diags, imp_secret_span(&s->bytes), text, err);
	s->diags.count = 0;
	return rc ? rc
		  : imp_fail(err, IMP_EFORMAT, "%s: %zu mistake%s", s->diags.file, n,
			     n == 1 ? "" : "s");
}

static int read_objects(struct imp_profile_source *s, struct imp_secret *text,
			struct imp_error *err)
{
	const struct imp_yaml *extra = imp_yaml_get(s->root, "objects");
	const char *slash = strrchr(s->options.path, '/');
	int rc = 0;

	for (const struct imp_yaml *n = extra ? extra->child : NULL; !rc && n;
	     n = n->next) {
		char path[4096];

		if (!n->text || n->text[0] == '/' || strstr(n->text, "..")) {
			imp_diag(&s->diags, n->mark,
				 "objects: a file must lie in the profile's folder");
			continue;
		}
		snprintf(path, sizeof(path), "%.*s%s",
			 slash ? (int)(slash + 1 - s->options.path) : 0, s->options.path,
			 n->text);
		rc = imp_catalog_add_file(&s->catalog, path, text, err);
	}
	return rc;
}

int imp_profile_source_open(struct imp_profile_source *s, struct imp_crypto *crypto,
			    const struct imp_build_options *options,
			    const struct imp_csv *csv, struct imp_secret *text,
			    struct imp_error *err)
{
	const struct imp_yaml *vars;
	int rc;

	memset(s, 0, sizeof(*s));
	s->crypto = crypto;
	s->options = *options;
	s->diags.file = options->path;
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
	rc = read_objects(s, text, err);
	if (rc)
		return rc;
	head_read(s);
	vars = imp_yaml_get(s->root, "variables");
	for (const struct imp_yaml *n = vars ? vars->child : NULL; n; n = n->next)
		variables_read(s, n);
	rc = variables_check_sets(s, err);
	if (!rc)
		variables_bind(s, csv);
	/* Mistakes of the head do not hide those of the settings: the first row reports
	 * both. */
	if (!rc && (!s->target || !s->settings || s->settings->kind != IMP_YAML_MAP))
		rc = report(s, text, err);
	return rc ? rc : imp_secret_reserve(&s->scratch, 4 * IMP_CSV_ROW_MAX, err);
}

static bool read_ueid(struct imp_profile_source *s, const struct imp_yaml *imei,
		      const struct imp_yaml *ueid)
{
	bool secret = false;
	const struct imp_yaml *n = imei ? imei : ueid;
	const char *text = n ? expand(s, n, &secret) : NULL, *wrong;
	char buf[128];

	if (!n || (imei && ueid))
		imp_diag(&s->diags, s->target->mark,
			 "target: expected one of imei and ueid");
	if (!text)
		return false;
	wrong = imp_identifier_wrong(imei ? IMP_ID_IMEI : IMP_ID_UEID, text, buf);
	if (wrong) {
		imp_diag(&s->diags, n->mark, "target: %s %s: %s", imei ? "imei" : "ueid",
			 text, wrong);
		return false;
	}
	if (imei) {
		imp_ueid_of_imei(text, s->ueid);
		s->ueid_len = 15;
		return true;
	}
	s->ueid_len = strlen(text) / 2;
	for (size_t i = 0; i < s->ueid_len; i++) {
		const char pair[] = { text[2 * i], text[2 * i + 1], '\0' };

		s->ueid[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return true;
}

/* PEN/MODEL, or a bare MODEL. */
static void read_class(struct imp_profile_source *s, const struct imp_yaml *n,
		       struct imp_target *out)
{
	bool secret = false;
	const char *text = n ? expand(s, n, &secret) : NULL, *slash;
	char *end;

	if (!text)
		return;
	slash = strchr(text, '/');
	if (slash) {
		out->has_oemid = true;
		out->oemid = (uint32_t)strtoul(text, &end, 10);
		if (end != slash)
			imp_diag(&s->diags, n->mark,
				 "class: expected PEN/MODEL or MODEL");
	}
	out->hwmodel = imp_span_str(slash ? slash + 1 : text);
	if (out->hwmodel.len < 1 || out->hwmodel.len > IMP_HWMODEL_MAX)
		imp_diag(&s->diags, n->mark, "class: a model has 1 to 32 characters");
}

static void read_target(struct imp_profile_source *s, struct imp_target *out)
{
	for (const struct imp_yaml *n = s->target->child; n; n = n->next)
		if (strcmp(n->key, "imei") != 0 && strcmp(n->key, "ueid") != 0 &&
		    strcmp(n->key, "class") != 0)
			imp_diag(&s->diags, n->key_mark, "target: unknown key '%s'",
				 n->key);
	if (read_ueid(s, imp_yaml_get(s->target, "imei"),
		      imp_yaml_get(s->target, "ueid")))
		out->ueid = (struct imp_span){ s->ueid, s->ueid_len };
	read_class(s, imp_yaml_get(s->target, "class"), out);
}

/* Keyed with the seed, so that an id does not betray a PIN by trying. */
static int put_salt(struct imp_profile_source *s, const struct imp_profile *p,
		    uint8_t salt[32], struct imp_error *err)
{
	static const uint8_t none[32];
	struct imp_span key = s->options.seed.len == 32 ? s->options.seed
							: IMP_SPAN(none),
			all;
	struct imp_writer w = imp_writer(s->payload, sizeof(s->payload));

	if (s->has_secret && s->options.seed.len != 32)
		return imp_hint(err,
				imp_fail(err, IMP_EKEY,
					 "%s: it holds secrets: --seed KEY is needed",
					 s->diags.file),
				"imprint keygen --type seed -o seed.key");
	imp_profile_encode(p, &w);
	all = imp_written(&w);
	if (!w.ok || imp_hmac(s->crypto, key, &all, 1, salt))
		return imp_fail(err, IMP_EFORMAT, "%s: the profile is larger than 64 KiB",
				s->diags.file);
	return 0;
}

static int encode(struct imp_profile_source *s, struct imp_profile *p,
		  struct imp_span *out, struct imp_error *err)
{
	uint8_t salt[32];
	struct imp_writer w;
	int rc = put_salt(s, p, salt, err);

	if (rc)
		return rc;
	p->salt = (struct imp_span){ salt, IMP_SALT_LEN };
	w = imp_writer(s->payload, sizeof(s->payload));
	imp_profile_encode(p, &w);
	*out = imp_written(&w);
	return w.ok ? 0
		    : imp_fail(err, IMP_EFORMAT, "%s: the profile is larger than 64 KiB",
			       s->diags.file);
}

int imp_profile_source_build(struct imp_profile_source *s, const struct imp_csv *csv,
			     struct imp_span *out, struct imp_secret *text,
			     struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret settings = { 0 };
	struct imp_profile p = { .domain = s->domain,
				 .sequence = s->sequence,
				 .epochs = { s->epochs[0], s->epochs[1] },
				 .label = imp_span_str(s->label) };
	struct imp_writer w;
	int rc, row;

	s->scratch.len = 0;
	row = variables_take_row(s, csv, text, err);
	rc = imp_secret_reserve(&settings, IMP_CBOR_MAX, err);
	if (rc)
		return rc;
	w = imp_writer(settings.ptr, settings.cap);
	if (!row)
		read_target(s, &p.target);
	if (!row)
		rc = compile_settings(s, &w, err);
	if (!rc)
		rc = report(s, text, err);
	if (rc || row)
		return rc ? rc : row;
	p.settings = imp_written(&w);
	if (s->has_replaces)
		p.replaces = IMP_SPAN(s->replaces);
	return encode(s, &p, out, err);
}

void imp_profile_source_fini(struct imp_profile_source *s)
{
	imp_catalog_fini(&s->catalog);
	imp_yaml_free(&s->root);
	imp_secret_fini(&s->bytes);
	imp_secret_fini(&s->scratch);
	imp_diag_fini(&s->diags);
	imp_wipe(s->payload, sizeof(s->payload));
}
