/* SPDX-License-Identifier: Apache-2.0 */
/* Values that are bytes: hex, base64, files beside the profile, generated secrets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digits.h"
#include "base/file.h"
#include "base/wipe.h"
#include "source/build.h"

enum { BYTES_MAX = 8192, GENERATED_MIN = 16, GENERATED_MAX = 64 };

void put_bytes(const struct value *v, struct imp_span bytes)
{
	if (is_edrx(v->resource))
		check_edrx(v, bytes);
	check_length(v, bytes);
	imp_cbor_put_bytes(v->w, bytes);
}

static void put_parsed(const struct value *v, bool good, struct imp_writer *w,
		       const char *wrong)
{
	if (!good)
		value_wrong(v, NULL, "%s", wrong);
	else if (!w->ok)
		value_wrong(v, NULL, "is larger than %d bytes", BYTES_MAX);
	else
		put_bytes(v, imp_written(w));
	imp_wipe(w->ptr, w->cap);
}

void put_hex(const struct value *v, const char *text)
{
	uint8_t buf[BYTES_MAX];
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	size_t len = strlen(text);
	bool hex = strspn(text, "0123456789abcdefABCDEF") == len;

	put_parsed(v, imp_from_hex(imp_span_str(text), &w), &w,
		   hex && len % 2 ? "an odd number of hex digits"
				  : "has characters that are no hex digits");
}

void put_base64(const struct value *v, const char *text)
{
	uint8_t buf[BYTES_MAX];
	struct imp_writer w = imp_writer(buf, sizeof(buf));

	put_parsed(v, imp_from_base64(imp_span_str(text), &w), &w,
		   "is not base64 of whole bytes (RFC 4648 4)");
}

/* The folder of the profile, links resolved. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? strndup(path, (size_t)(slash + 1 - path)) : strdup(".");
	char *real = dir ? realpath(dir, NULL) : NULL;

	free(dir);
	return real;
}

int path_beside(const struct imp_profile_source *s, const char *name, char **out,
		struct imp_error *err)
{
	char *dir = folder_of(s->options.path), *joined = NULL, *real = NULL;
	size_t len = dir ? strlen(dir) : 0;
	struct stat st;
	int rc = 0;

	if (!dir || asprintf(&joined, "%s/%s", dir, name) < 0)
		joined = NULL;
	if (joined)
		real = realpath(joined, NULL);
	if (!real || stat(real, &st) != 0)
		rc = imp_fail(err, IMP_EFORMAT, "no such file in the profile's folder");
	else if (name[0] == '/' || strncmp(real, dir, len) != 0 ||
		 (real[len] != '/' && len > 1))
		rc = imp_fail(err, IMP_EFORMAT,
			      "a file must lie in the profile's folder");
	else if (!S_ISREG(st.st_mode))
		rc = imp_fail(err, IMP_EFORMAT, "is not a regular file");
	free(dir);
	free(joined);
	if (rc) {
		free(real);
		return rc;
	}
	*out = real;
	return 0;
}

static int read_beside(struct imp_profile_source *s, const char *name,
		       struct imp_secret *out, struct imp_error *err)
{
	char *path = NULL;
	int rc = path_beside(s, name, &path, err);

	if (!rc)
		rc = imp_file_read(path, BYTES_MAX, out, err);
	free(path);
	return rc;
}

/* A file that every row names is read once: all profiles hold the same bytes. */
static int read_once(struct imp_profile_source *s, const struct imp_yaml *node,
		     const char *name, struct imp_secret *row, struct imp_span *out,
		     struct imp_error *err)
{
	struct imp_kept_file *f = s->files;
	int rc;

	if (has_variables(node)) {
		rc = read_beside(s, name, row, err);
		*out = imp_secret_span(row);
		return rc;
	}
	while (f && f->node != node)
		f = f->next;
	if (!f) {
		f = calloc(1, sizeof(*f));
		if (!f)
			return imp_fail(err, IMP_ERESOURCE, "out of memory");
		rc = read_beside(s, name, &f->bytes, err);
		if (rc) {
			free(f);
			return rc;
		}
		f->node = node;
		f->next = s->files;
		s->files = f;
	}
	*out = imp_secret_span(&f->bytes);
	return 0;
}

void forget_files(struct imp_profile_source *s)
{
	while (s->files) {
		struct imp_kept_file *next = s->files->next;

		imp_secret_fini(&s->files->bytes);
		free(s->files);
		s->files = next;
	}
}

int put_file(const struct value *v, const char *name, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret row = { 0 };
	struct imp_error why = { 0 };
	struct imp_span bytes = { 0 };
	int rc = read_once(v->s, v->node, name, &row, &bytes, &why);

	if (rc == -IMP_ERESOURCE)
		return imp_fail(err, IMP_ERESOURCE, "%s", why.msg);
	if (rc)
		value_wrong(v, name, "%s", why.msg);
	else if (v->resource->type == IMP_V_OPAQUE)
		put_bytes(v, bytes);
	else
		put_text(v, bytes);
	return 0;
}

/* HKDF over the seed: the same input and seed give the same secret. */
int put_generated(const struct value *v, const char *text, struct imp_error *err)
{
	struct imp_profile_source *s = v->s;
	uint8_t info[128], secret[GENERATED_MAX];
	struct imp_writer w = imp_writer(info, sizeof(info));
	uint64_t n;
	int rc;

	if (!parse_uint(text, GENERATED_MAX, &n) || n < GENERATED_MIN) {
		value_wrong(v, NULL, "generate takes %d to %d bytes", GENERATED_MIN,
			    GENERATED_MAX);
		return 0;
	}
	if (s->options.seed.len != 32)
		return no_seed(err,
			       imp_fail(err, IMP_EKEY,
					"%s:%u:%u: %s is generated: --seed KEY is needed",
					s->diags.file, v->node->mark.line,
					v->node->mark.column, v->resource->name));
	s->mark |= IMP_SETTING_GENERATED;
	if (s->only_check) {
		/* Two secrets of an instance differ, here as there. */
		memset(secret, 0, sizeof(secret));
		secret[0] = (uint8_t)(v->resource->id >> 8);
		secret[1] = (uint8_t)v->resource->id;
		put_bytes(v, (struct imp_span){ secret, (size_t)n });
		return 0;
	}
	imp_cbor_put_array(&w, 7);
	imp_cbor_put_text(&w, IMP_TEXT("imprint-secret-1"));
	imp_cbor_put_bytes(&w, (struct imp_span){ s->ueid, s->ueid_len });
	imp_cbor_put_uint(&w, s->domain);
	imp_cbor_put_uint(&w, v->object->id);
	imp_cbor_put_uint(&w, v->instance);
	imp_cbor_put_uint(&w, v->resource->id);
	imp_cbor_put_uint(&w, s->generation);
	rc = imp_hkdf(s->crypto, s->options.seed, imp_written(&w), secret, (size_t)n);
	if (!rc)
		put_bytes(v, (struct imp_span){ secret, (size_t)n });
	imp_wipe(secret, sizeof(secret));
	return rc ? imp_fail(err, IMP_EINTERNAL, "HKDF failed") : 0;
}
