/* SPDX-License-Identifier: Apache-2.0 */
/* Reading one side of a comparison: YAML, objects, evidence. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "diff.h"
#include "mistakes.h"
#include "object/package.h"
#include "object/signed.h"

/* YAML is text, and all of our objects start with a map or a tag. What comes through a
 * pipe can be read once only, so it must be objects. */
static int is_yaml(const char *path, bool *yaml, struct imp_error *err)
{
	struct stat st;
	uint8_t c = 0;
	ssize_t n;
	int fd, rc = 0;

	*yaml = false;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, &c, 1);
	if (n < 0)
		rc = imp_read_failed(path, err);
	*yaml = n >= 0 && c < 0x80;
	if (fd >= 0)
		close(fd);
	return rc;
}

int side_open(struct side *s, const char *path, struct imp_error *err)
{
	bool yaml = false;
	int rc = strcmp(path, "-") == 0 ? 0 : is_yaml(path, &yaml, err);

	*s = (struct side){ .path = path, .name = path };
	if (rc || yaml)
		return rc;
	rc = imp_batch_open_any(&s->batch, path, err);
	if (rc)
		return rc;
	s->name = s->batch.name;
	s->kind = s->batch.kind == IMP_BATCH_EVIDENCE ? SIDE_EVIDENCE : SIDE_OBJECTS;
	s->packages = s->batch.kind == IMP_BATCH_PACKAGES;
	return 0;
}

void side_close(struct side *s)
{
	imp_batch_close(&s->batch);
}

static int take_profile(struct imp_span payload, struct held *h, struct imp_error *err)
{
	struct imp_profile p;
	int rc = imp_profile_decode(payload, &p, err);

	if (rc)
		return rc;
	held_set_ueid(h, p.target.ueid);
	h->domain = (uint8_t)p.domain;
	h->epochs[0] = p.epochs[0];
	h->epochs[1] = p.epochs[1];
	h->sequence = p.sequence;
	h->payload = payload;
	return 0;
}

int held_take_signed(struct imp_crypto *crypto, struct imp_span object, struct held *h,
		     struct imp_error *err)
{
	struct imp_signed s;
	uint8_t id[32];
	int rc = imp_signed_decode(object, &s, err);

	if (!rc && s.kind != IMP_KIND_PROFILE)
		rc = imp_fail(err, IMP_EFORMAT, "is a %s, expected a profile",
			      imp_kind_name(s.kind));
	if (!rc)
		rc = take_profile(s.payload, h, err);
	if (!rc && imp_signed_id(crypto, &s, id))
		rc = imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (!rc)
		held_set_id(h, IMP_SPAN(id), s.issuer);
	return rc;
}

static int take_package(struct imp_span object, struct held *h, struct imp_error *err)
{
	struct imp_package k;
	int rc = imp_package_decode(object, &k, err);

	if (rc)
		return rc;
	held_set_ueid(h, k.claims.ueid);
	held_set_id(h, k.claims.profile_id, k.claims.issuer);
	h->domain = (uint8_t)k.claims.domain;
	h->epochs[0] = k.claims.epochs[0];
	h->epochs[1] = k.claims.epochs[1];
	h->sequence = k.claims.sequence;
	return 0;
}

static int take(const struct side_work *w, enum imp_batch_kind kind,
		struct imp_span object, struct held *h, struct imp_error *err)
{
	switch (kind) {
	case IMP_BATCH_PROFILES:
		return take_profile(object, h, err);
	case IMP_BATCH_SIGNED:
		return held_take_signed(w->crypto, object, h, err);
	case IMP_BATCH_PACKAGES:
		return take_package(object, h, err);
	default:
		return imp_fail(err, IMP_EFORMAT,
				"holds %s, expected profiles, signed, packages or "
				"evidence",
				imp_batch_kind_name(kind));
	}
}

int side_hand_on(struct side *s, const struct side_work *w, const struct held *h,
		 const struct imp_profile_source *source, struct imp_error *err)
{
	int rc = cli_check_cancel(err);

	if (h->domain != NO_DOMAIN)
		s->domains |= (uint16_t)(1u << h->domain);
	return rc ? rc : w->each(w->ctx, h, source, err);
}

/* A lone signed object tells itself what it is. */
static bool is_evidence(const struct imp_batch *b, struct imp_span object)
{
	struct imp_signed s;

	return b->lone && b->kind == IMP_BATCH_SIGNED &&
	       imp_signed_decode(object, &s, NULL) == 0 && s.kind == IMP_KIND_EVIDENCE;
}

static int read_objects(struct side *s, const struct side_work *w, struct imp_error *err)
{
	struct imp_batch *b = &s->batch;
	struct imp_span object;
	int rc = 0;

	while (!rc && (rc = imp_batch_next(b, &object, err)) > 0) {
		struct held h = { 0 };

		if (is_evidence(b, object)) {
			s->kind = SIDE_EVIDENCE;
			return side_read_evidence(s, w, object, err);
		}
		rc = imp_wrap(err, take(w, b->kind, object, &h, err), "%s: object %llu",
			      b->name, (unsigned long long)b->index);
		if (!rc)
			rc = side_hand_on(s, w, &h, NULL, err);
	}
	return rc;
}

struct yaml_rows {
	struct side *side;
	const struct side_work *work;
	struct imp_secret mistakes;
};

static int checked(void *ctx, const struct compile_row *row, struct imp_error *err)
{
	struct yaml_rows *r = ctx;
	const struct imp_profile_source *s = row->source;
	struct held h = { .label_hidden = s->label_hidden,
			  .needs_seed = s->has_secret && s->options.drawn,
			  .marks = { s->marks, s->marks_count } };
	size_t before = r->mistakes.len;
	int rc = imp_secret_append(&r->mistakes, row->mistakes, err);

	if (!rc)
		rc = mistakes_limit(&r->mistakes, before, err);
	/* Most have none, and they are kept for each device. */
	while (h.marks.len > 0 && s->marks[h.marks.len - 1] == 0)
		h.marks.len--;
	if (!rc && row->good)
		rc = take_profile(row->payload, &h, err);
	return rc || !row->good ? rc : side_hand_on(r->side, r->work, &h, s, err);
}

static int read_yaml(struct side *s, const struct side_work *w, struct imp_error *err)
{
	struct compile_args a = *w->compile;
	struct yaml_rows rows = { .side = s, .work = w };
	const struct compile_sink sink = { .ctx = &rows, .checked = checked };
	int rc, said;

	a.profile = s->path;
	rc = compile(w->crypto, &a, &sink, err);
	said = mistakes_say(&rows.mistakes, rc ? NULL : err);
	imp_secret_fini(&rows.mistakes);
	return rc ? rc : said;
}

int side_read(struct side *s, const struct side_work *w, struct imp_error *err)
{
	switch (s->kind) {
	case SIDE_YAML:
		return read_yaml(s, w, err);
	case SIDE_EVIDENCE:
		return side_read_evidence(s, w, (struct imp_span){ 0 }, err);
	default:
		return read_objects(s, w, err);
	}
}
