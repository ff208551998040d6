/* SPDX-License-Identifier: Apache-2.0 */
/* Profile source: the head of the file, its variables, and a profile a row. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/wipe.h"
#include "model/identifier.h"
#include "source/build.h"
#include "source/catalog.h"

static const char *const reserved[] = { "serial", "imei", "iccid", "imsi", "eid",
					"ueid",	  "key",  "class", "port", NULL };

struct imp_variable *find_variable(struct imp_profile_source *s, const char *name)
{
	for (size_t i = 0; i < s->variables; i++)
		if (strcmp(s->variable[i].name, name) == 0)
			return &s->variable[i];
	return NULL;
}

static struct imp_mark mark_of(const struct imp_yaml *n)
{
	return n ? n->mark : (struct imp_mark){ 0 };
}

/* Append to the row's scratch; the text may move, so offsets are kept until the end. */
static bool append(struct imp_profile_source *s, const char *text, size_t len)
{
	return imp_secret_append(&s->scratch,
				 (struct imp_span){ (const uint8_t *)text, len },
				 NULL) == 0;
}

static const char *value_of(struct imp_profile_source *s, const struct imp_yaml *n,
			    const char *name, bool *secret)
{
	struct imp_variable *v = find_variable(s, name);

	if (!v) {
		imp_diag(&s->diags, n->mark,
			 "variable '%s' is not declared under variables:", name);
		return NULL;
	}
	v->used = true;
	*secret |= v->secret;
	if (!v->value)
		imp_diag(&s->diags, n->mark,
			 "variable '%s' has no value: no column, no -s, no default",
			 name);
	return v->value;
}

/* One piece at *p: a variable, a doubled dollar, or a character. */
static bool expand_piece(struct imp_profile_source *s, const struct imp_yaml *n,
			 const char **p, bool *secret)
{
	const char *end = strchr(*p, '}'), *value;
	char name[64];

	if ((*p)[0] != '$')
		return append(s, (*p)++, 1);
	if ((*p)[1] == '$') {
		*p += 2;
		return append(s, "$", 1);
	}
	if ((*p)[1] != '{' || !end || (size_t)(end - *p) - 2 >= sizeof(name)) {
		imp_diag(&s->diags, n->mark,
			 "a lone $: write ${name}, or $$ for the character");
		return false;
	}
	memcpy(name, *p + 2, (size_t)(end - *p) - 2);
	name[end - *p - 2] = '\0';
	*p = end + 1;
	value = value_of(s, n, name, secret);
	return value && append(s, value, strlen(value));
}

const char *expand(struct imp_profile_source *s, const struct imp_yaml *n, bool *secret)
{
	size_t at = s->scratch.len;

	if (n->kind != IMP_YAML_SCALAR) {
		imp_diag(&s->diags, n->mark, "expected one value");
		return NULL;
	}
	if (!n->quoted || !strchr(n->text, '$')) {
		if (!n->quoted && strstr(n->text, "${"))
			imp_diag(&s->diags, n->mark,
				 "variables are put into quoted strings only");
		return n->text;
	}
	/* The scratch never grows beyond what was reserved, so earlier results stay where
	 * they are. */
	for (const char *p = n->text; *p;)
		if (s->scratch.len + IMP_CSV_ROW_MAX / 4 > s->scratch.cap ||
		    !expand_piece(s, n, &p, secret))
			return NULL;
	return append(s, "", 1) ? (const char *)s->scratch.ptr + at : NULL;
}

static bool head_number(struct imp_profile_source *s, const char *key, uint64_t min,
			uint64_t max, uint64_t *out)
{
	const struct imp_yaml *n = imp_yaml_get(s->root, key);
	char *end = NULL;

	if (!n)
		return false;
	errno = 0;
	*out = n->text ? strtoull(n->text, &end, 10) : 0;
	if (!n->text || errno || end == n->text || *end || n->text[0] == '-' ||
	    *out < min || *out > max) {
		imp_diag(&s->diags, n->mark, "%s: expected a number from %llu to %llu",
			 key, (unsigned long long)min, (unsigned long long)max);
		return false;
	}
	return true;
}

static void read_domain(struct imp_profile_source *s)
{
	static const char *const names[] = { "owner", "network", "service" };
	const struct imp_yaml *n = imp_yaml_get(s->root, "domain");
	uint64_t v = 0;

	if (!n) {
		imp_diag(&s->diags, (struct imp_mark){ 0 },
			 "domain is missing: owner, network, service, or 0..15");
		return;
	}
	for (uint32_t i = 0; n->text && i < COUNTOF(names); i++)
		if (strcmp(n->text, names[i]) == 0) {
			s->domain = i;
			return;
		}
	if (head_number(s, "domain", 0, IMP_DOMAINS - 1, &v))
		s->domain = (uint32_t)v;
}

static void read_epochs(struct imp_profile_source *s)
{
	const struct imp_yaml *n = imp_yaml_get(s->root, "epochs");
	const struct imp_yaml *a = n ? n->child : NULL, *b = a ? a->next : NULL;
	char *end1 = NULL, *end2 = NULL;

	s->epochs[0] = 1;
	s->epochs[1] = 0;
	if (s->options.has_epochs) {
		s->epochs[0] = s->options.epochs[0];
		s->epochs[1] = s->options.epochs[1];
		return;
	}
	if (!n)
		return;
	if (n->kind != IMP_YAML_LIST || n->count != 2 || !a->text || !b->text) {
		imp_diag(&s->diags, n->mark,
			 "epochs: expected [OWNER-EPOCH, DOMAIN-EPOCH]");
		return;
	}
	s->epochs[0] = (uint32_t)strtoul(a->text, &end1, 10);
	s->epochs[1] = (uint32_t)strtoul(b->text, &end2, 10);
	if (end1 == a->text || *end1 || end2 == b->text || *end2)
		imp_diag(&s->diags, n->mark, "epochs: expected two numbers");
}

static void read_label(struct imp_profile_source *s)
{
	const struct imp_yaml *n = imp_yaml_get(s->root, "profile");

	s->label = n ? n->text : NULL;
	if (n && (!n->text || strlen(n->text) < 1 || strlen(n->text) > IMP_LABEL_MAX)) {
		imp_diag(&s->diags, n->mark,
			 "profile: expected a label of 1 to 64 characters");
		s->label = NULL;
	}
}

static void read_replaces(struct imp_profile_source *s)
{
	const struct imp_yaml *n = imp_yaml_get(s->root, "replaces");

	if (!n)
		return;
	if (!n->text || strlen(n->text) != 64 ||
	    strspn(n->text, "0123456789abcdefABCDEF") != 64) {
		imp_diag(&s->diags, n->mark,
			 "replaces: expected the id of a profile, 64 hex digits");
		return;
	}
	for (size_t i = 0; i < 32; i++) {
		const char pair[] = { n->text[2 * i], n->text[2 * i + 1], '\0' };

		s->replaces[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	s->has_replaces = true;
}

static void read_sequence(struct imp_profile_source *s)
{
	s->sequence = s->options.sequence;
	if (s->sequence == 0 && !imp_yaml_get(s->root, "sequence"))
		imp_diag(&s->diags, (struct imp_mark){ 0 },
			 "sequence is missing: give it in the file or with --sequence");
	else if (s->sequence == 0)
		head_number(s, "sequence", 1, INT64_MAX, &s->sequence);
}

static void check_head(struct imp_profile_source *s)
{
	static const char *const keys[] = { "imprint",	 "profile",  "domain",
					    "sequence",	 "epochs",   "generation",
					    "replaces",	 "target",   "endpoint",
					    "variables", "settings", "objects" };
	uint64_t v = 0;

	for (const struct imp_yaml *n = s->root->child; n; n = n->next) {
		bool found = false;

		for (size_t i = 0; i < COUNTOF(keys); i++)
			found |= strcmp(n->key, keys[i]) == 0;
		if (!found) {
			const char *near = imp_nearest(n->key, keys, COUNTOF(keys));

			imp_diag(&s->diags, n->key_mark,
				 near ? "unknown key '%s'; did you mean %s?"
				      : "unknown key '%s'%s",
				 n->key, near ? near : "");
		}
	}
	if (!imp_yaml_get(s->root, "imprint"))
		imp_diag(&s->diags, (struct imp_mark){ 0 },
			 "imprint: 1 is missing: the format's version");
	else
		head_number(s, "imprint", 1, 1, &v);
	read_domain(s);
	read_sequence(s);
	read_epochs(s);
	read_label(s);
	read_replaces(s);
	if (s->options.has_generation)
		s->generation = s->options.generation;
	else if (head_number(s, "generation", 0, UINT32_MAX, &v))
		s->generation = (uint32_t)v;
	s->target = imp_yaml_get(s->root, "target");
	s->settings = imp_yaml_get(s->root, "settings");
	if (!s->target || s->target->kind != IMP_YAML_MAP)
		imp_diag(&s->diags, mark_of(s->target),
			 "target: expected {imei: ...} or {ueid: ...}");
	if (!s->settings || s->settings->kind != IMP_YAML_MAP)
		imp_diag(&s->diags, mark_of(s->settings),
			 "settings: expected OBJECT: {RESOURCE: VALUE}");
}

static void read_variable(struct imp_profile_source *s, const struct imp_yaml *n)
{
	static const char *const types[] = { "text", "int",  "float", "bool",
					     "hex",  "imei", "iccid", "eid",
					     "imsi", "ueid", "apn",   "uri" };
	const struct imp_yaml *type = imp_yaml_get(n, "type"),
			      *secret = imp_yaml_get(n, "secret");
	const struct imp_yaml *fallback = imp_yaml_get(n, "default");
	struct imp_variable *v = &s->variable[s->variables];
	bool known = false;

	if (n->kind != IMP_YAML_MAP || s->variables == IMP_VARIABLES) {
		imp_diag(&s->diags, n->mark,
			 "%s: expected {type: TYPE, default: VALUE}, at most %d of them",
			 n->key, IMP_VARIABLES);
		return;
	}
	s->variables++;
	*v = (struct imp_variable){ .name = n->key,
				    .type = type && type->text ? type->text : "text",
				    .fallback = fallback ? fallback->text : NULL,
				    .mark = n->key_mark,
				    .secret = secret && secret->text &&
					      strcmp(secret->text, "true") == 0,
				    .column = -1 };
	if (v->secret && fallback)
		imp_diag_mask(&s->diags, fallback->mark);
	for (size_t i = 0; i < COUNTOF(types); i++)
		known |= strcmp(types[i], v->type) == 0;
	if (!known)
		imp_diag(&s->diags, type->mark, "%s: unknown type '%s'", n->key, v->type);
	for (const struct imp_yaml *c = n->child; c; c = c->next)
		if (strcmp(c->key, "type") != 0 && strcmp(c->key, "default") != 0 &&
		    strcmp(c->key, "secret") != 0)
			imp_diag(&s->diags, c->key_mark, "%s: unknown key '%s'", n->key,
				 c->key);
}

/* From -s, else the CSV's column, else the default. */
static void bind(struct imp_profile_source *s, const struct imp_csv *csv)
{
	for (size_t i = 0; i < s->variables; i++) {
		struct imp_variable *v = &s->variable[i];

		v->value = v->fallback;
		if (csv)
			v->column = imp_csv_find(csv, v->name);
		for (size_t k = 0; k < s->options.sets; k++) {
			const char *set = s->options.set[k], *eq = strchr(set, '=');

			if ((size_t)(eq - set) == strlen(v->name) &&
			    strncmp(set, v->name, (size_t)(eq - set)) == 0) {
				v->value = eq + 1;
				v->column = -1;
			}
		}
	}
}

static int check_sets(struct imp_profile_source *s, struct imp_error *err)
{
	for (size_t k = 0; k < s->options.sets; k++) {
		const char *set = s->options.set[k], *eq = strchr(set, '=');
		char name[64];

		if (!eq || eq == set || (size_t)(eq - set) >= sizeof(name))
			return imp_fail(err, IMP_EUSAGE, "-s %s: expected NAME=VALUE",
					set);
		memcpy(name, set, (size_t)(eq - set));
		name[eq - set] = '\0';
		if (!find_variable(s, name))
			return imp_fail(err, IMP_EUSAGE,
					"-s %s: %s declares no such variable", name,
					s->diags.file);
	}
	return 0;
}

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
	check_head(s);
	vars = imp_yaml_get(s->root, "variables");
	for (const struct imp_yaml *n = vars ? vars->child : NULL; n; n = n->next)
		read_variable(s, n);
	rc = check_sets(s, err);
	if (!rc)
		bind(s, csv);
	/* Mistakes of the head do not hide those of the settings: the first row reports
	 * both. */
	if (!rc && (!s->target || !s->settings || s->settings->kind != IMP_YAML_MAP))
		rc = report(s, text, err);
	return rc ? rc : imp_secret_reserve(&s->scratch, 4 * IMP_CSV_ROW_MAX, err);
}

static const char *kind_wrong(const char *type, const char *value, char buf[128])
{
	for (int k = 0; k < IMP_ID_KINDS; k++)
		if (strcmp(imp_identifier_name((enum imp_identifier)k), type) == 0)
			return imp_identifier_wrong((enum imp_identifier)k, value, buf);
	if (strcmp(type, "hex") == 0 &&
	    (strlen(value) % 2 ||
	     strspn(value, "0123456789abcdefABCDEF") != strlen(value)))
		return "is not hex of whole bytes";
	if (strcmp(type, "bool") == 0 && strcmp(value, "true") != 0 &&
	    strcmp(value, "false") != 0)
		return "is neither true nor false";
	if (strcmp(type, "int") == 0) {
		char *end;

		errno = 0;
		(void)strtoll(value, &end, 10);
		return errno || end == value || *end ? "is not a number" : NULL;
	}
	if (strcmp(type, "uri") == 0 && !strstr(value, "://"))
		return "is not a URI";
	return NULL;
}

/* Where a value came from: a cell of the CSV, or the profile. */
static int wrong_value(struct imp_profile_source *s, const struct imp_csv *csv,
		       const struct imp_variable *v, const char *wrong,
		       struct imp_secret *text, struct imp_error *err)
{
	char line[400];

	if (!csv || v->column < 0) {
		imp_diag(&s->diags, v->mark, "%s%s%s: %s", v->name, v->secret ? "" : " ",
			 v->secret ? "" : v->value, wrong);
		return 0;
	}
	imp_fail(err, IMP_EFORMAT, "%s:%lu:%lu: %s%s%s: %s", csv->name,
		 csv->field_line[v->column], csv->field_column[v->column], v->name,
		 v->secret ? "" : " ", v->secret ? "" : v->value, wrong);
	snprintf(line, sizeof(line), "%.390s\n", err->msg);
	return imp_secret_append(text, imp_span_str(line), err) ? -IMP_ERESOURCE
								: -IMP_EFORMAT;
}

static int take_row(struct imp_profile_source *s, const struct imp_csv *csv,
		    struct imp_secret *text, struct imp_error *err)
{
	int result = 0;

	for (size_t i = 0; i < s->variables; i++) {
		struct imp_variable *v = &s->variable[i];
		char buf[128];
		const char *wrong;

		if (csv && v->column >= 0) {
			v->value = imp_csv_field(csv, (size_t)v->column);
			v->used = true;
		}
		wrong = v->value ? kind_wrong(v->type, v->value, buf) : NULL;
		if (wrong) {
			int rc = wrong_value(s, csv, v, wrong, text, err);

			result = rc ? rc : result;
		}
	}
	return result;
}

static bool read_ueid(struct imp_profile_source *s, const struct imp_yaml *imei,
		      const struct imp_yaml *ueid)
{
	bool secret;
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
	bool secret;
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
	row = take_row(s, csv, text, err);
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

void imp_profile_source_unused(const struct imp_profile_source *s,
			       const struct imp_csv *csv, char *out, size_t cap)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < csv->columns; i++) {
		bool used = false;

		for (size_t k = 0; reserved[k]; k++)
			used |= strcmp(csv->column[i], reserved[k]) == 0;
		for (size_t k = 0; k < s->variables; k++)
			used |= s->variable[k].column == (int)i;
		if (!used && n < cap)
			n += (size_t)snprintf(out + n, cap - n, "%s%s", n ? ", " : "",
					      csv->column[i]);
	}
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
