/* SPDX-License-Identifier: Apache-2.0 */
/* Findings that wait for the worst ones, and what devices come to. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "base/file.h"

/* What a finding is, but its texts. */
struct head {
	uint64_t time, number[2];
	uint32_t domain;
	uint16_t length[6];
	uint8_t has_domain, source[2], ueid_len, ueid[33];
};

enum { TEXTS = 6 };

static void texts_of(struct imp_finding *f, char *text[TEXTS], size_t cap[TEXTS])
{
	char *const all[TEXTS] = { f->device,	    f->station,	     f->fact[0].name,
				   f->fact[0].text, f->fact[1].name, f->fact[1].text };
	const size_t caps[TEXTS] = { sizeof(f->device),	      sizeof(f->station),
				     sizeof(f->fact[0].name), sizeof(f->fact[0].text),
				     sizeof(f->fact[1].name), sizeof(f->fact[1].text) };

	memcpy(text, all, sizeof(all));
	memcpy(cap, caps, sizeof(caps));
}

static int open_spool(FILE **f, struct imp_error *err)
{
	int fd, rc;

	if (*f)
		return 0;
	rc = imp_spool_open("the report", &fd, err);
	if (rc)
		return rc;
	*f = fdopen(fd, "w+");
	if (*f)
		return 0;
	close(fd);
	return imp_fail(err, IMP_ERESOURCE, "out of memory");
}

static bool write_one(FILE *out, struct imp_finding *f)
{
	struct head h = { .time = f->time,
			  .number = { f->fact[0].number, f->fact[1].number },
			  .domain = f->domain,
			  .has_domain = f->has_domain,
			  .source = { (uint8_t)f->fact[0].source,
				      (uint8_t)f->fact[1].source },
			  .ueid_len = (uint8_t)f->ueid_len };
	char *text[TEXTS];
	size_t cap[TEXTS];
	bool good;

	memcpy(h.ueid, f->ueid, sizeof(h.ueid));
	texts_of(f, text, cap);
	for (size_t i = 0; i < TEXTS; i++)
		h.length[i] = (uint16_t)strlen(text[i]);
	good = fwrite(&h, sizeof(h), 1, out) == 1;
	for (size_t i = 0; good && i < TEXTS; i++)
		good = fwrite(text[i], 1, h.length[i], out) == h.length[i];
	return good;
}

int spool_add(struct spool *s, const struct imp_finding *f, struct imp_error *err)
{
	struct imp_finding copy = *f;
	int rc = open_spool(&s->of[f->code], err);

	if (rc)
		return rc;
	if (!write_one(s->of[f->code], &copy))
		return imp_spool_failed("the report", err);
	s->count[f->code]++;
	s->total++;
	return 0;
}

static bool read_one(FILE *in, struct imp_finding *f)
{
	char *text[TEXTS];
	size_t cap[TEXTS];
	struct head h;

	if (fread(&h, sizeof(h), 1, in) != 1 || h.ueid_len > sizeof(f->ueid))
		return false;
	texts_of(f, text, cap);
	for (size_t i = 0; i < TEXTS; i++) {
		if (h.length[i] >= cap[i] ||
		    fread(text[i], 1, h.length[i], in) != h.length[i])
			return false;
		text[i][h.length[i]] = '\0';
	}
	f->time = h.time;
	f->has_domain = h.has_domain;
	f->domain = h.domain;
	f->ueid_len = h.ueid_len;
	memcpy(f->ueid, h.ueid, sizeof(f->ueid));
	for (size_t i = 0; i < 2; i++) {
		f->fact[i].source = (enum imp_fact_source)h.source[i];
		f->fact[i].number = h.number[i];
	}
	return true;
}

int spool_each(struct spool *s, enum imp_finding_code code,
	       int (*fn)(void *ctx, const struct imp_finding *f, struct imp_error *err),
	       void *ctx, struct imp_error *err)
{
	int rc = 0;

	if (s->count[code] == 0)
		return 0;
	if (fflush(s->of[code]) || fseek(s->of[code], 0, SEEK_SET))
		return imp_spool_failed("the report", err);
	for (uint64_t i = 0; !rc && i < s->count[code]; i++) {
		struct imp_finding f = { .code = code };

		rc = read_one(s->of[code], &f) ? fn(ctx, &f, err)
					       : imp_spool_failed("the report", err);
	}
	return rc;
}

void spool_fini(struct spool *s)
{
	for (size_t i = 0; i < IMP_FOUND_CODES; i++)
		if (s->of[i])
			fclose(s->of[i]);
	*s = (struct spool){ 0 };
}
