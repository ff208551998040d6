/* SPDX-License-Identifier: Apache-2.0 */
/* What was signed, on its way into the ledger. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli.h"
#include "evidence/known.h"
#include "object/package.h"
#include "object/profile.h"
#include "object/signed.h"
#include "recorder.h"

enum { BLOCK = 512 /* entries of a transaction */ };

#define WHAT "what the ledger is told"

struct recorded {
	uint8_t id[32], issuer[32], ueid[33], ueid_len;
	uint32_t domain, epochs[2];
	uint64_t sequence;
};

void recorder_fini(struct recorder *r)
{
	free(r->at);
	if (r->spilled)
		close(r->fd);
	*r = (struct recorder){ 0 };
}

static int take_package(const struct recorder *r, struct imp_span item,
			struct imp_package_claims *out, uint8_t id[32],
			struct imp_error *err)
{
	struct imp_package p;
	int rc = imp_package_decode(item, &p, err);

	(void)r;
	(void)id;
	if (!rc)
		*out = p.claims;
	return rc;
}

static int take_signed(const struct recorder *r, struct imp_span item,
		       struct imp_package_claims *out, uint8_t id[32],
		       struct imp_error *err)
{
	struct imp_signed s;
	struct imp_profile p;
	int rc = imp_signed_decode(item, &s, err);

	if (!rc)
		rc = imp_profile_decode(s.payload, &p, err);
	if (rc)
		return rc;
	if (imp_signed_id(r->crypto, &s, id))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	*out = (struct imp_package_claims){ .ueid = p.target.ueid,
					    .profile_id = { id, 32 },
					    .issuer = s.issuer,
					    .domain = p.domain,
					    .epochs = { p.epochs[0], p.epochs[1] },
					    .sequence = p.sequence };
	return 0;
}

static int spill(struct recorder *r, struct imp_error *err)
{
	struct imp_span all = { (const uint8_t *)r->at, r->count * sizeof(*r->at) };
	int rc = r->spilled ? 0 : imp_spool_open(WHAT, &r->fd, err);

	if (rc)
		return rc;
	r->spilled = true;
	if (imp_write_all(r->fd, all))
		return imp_spool_failed(WHAT, err);
	r->count = 0;
	return 0;
}

static int make_room(struct recorder *r, struct imp_error *err)
{
	if (r->at && r->count == BLOCK)
		return spill(r, err);
	if (!r->at)
		r->at = calloc(BLOCK, sizeof(*r->at));
	return r->at ? 0 : imp_fail(err, IMP_ERESOURCE, "out of memory");
}

int recorder_put(struct recorder *r, enum imp_batch_kind kind, struct imp_span item,
		 struct imp_error *err)
{
	struct imp_package_claims c = { 0 };
	struct recorded *at;
	uint8_t id[32];
	int rc = r->l ? make_room(r, err) : 0;

	if (!r->l || rc)
		return rc;
	rc = (kind == IMP_BATCH_PACKAGES ? take_package : take_signed)(r, item, &c, id,
								       err);
	if (rc)
		return rc;
	at = &r->at[r->count++];
	*at = (struct recorded){ .ueid_len = (uint8_t)c.ueid.len,
				 .domain = c.domain,
				 .epochs = { c.epochs[0], c.epochs[1] },
				 .sequence = c.sequence };
	memcpy(at->id, c.profile_id.ptr, sizeof(at->id));
	memcpy(at->issuer, c.issuer.ptr, sizeof(at->issuer));
	memcpy(at->ueid, c.ueid.ptr, c.ueid.len);
	return 0;
}

static int refused(const struct recorded *at, int rc, struct imp_error *err)
{
	char name[80];

	imp_device_name((struct imp_span){ at->ueid, at->ueid_len }, name);
	imp_wrap(err, rc, "%s", name);
	return rc != -IMP_EPOLICY
		       ? rc
		       : imp_hint(
				 err, rc,
				 "what is signed again must be the same; another profile "
				 "has a higher sequence");
}

static int write_block(struct recorder *r, struct imp_error *err)
{
	struct imp_issued issued[BLOCK];
	size_t refused_at = r->count;
	int rc = cli_check_cancel(err);

	for (size_t i = 0; i < r->count; i++) {
		const struct recorded *at = &r->at[i];

		issued[i] = (struct imp_issued){ .object = at->id,
						 .ueid = { at->ueid, at->ueid_len },
						 .issuer = at->issuer,
						 .domain = at->domain,
						 .owner_epoch = at->epochs[0],
						 .domain_epoch = at->epochs[1],
						 .sequence = at->sequence };
	}
	if (!rc && r->count > 0)
		rc = imp_ledger_issue_all(r->l, issued, r->count, &refused_at, err);
	return rc && refused_at < r->count ? refused(&r->at[refused_at], rc, err) : rc;
}

/* The next of those that were spilled; none at the end. */
static int read_block(struct recorder *r, struct imp_error *err)
{
	const size_t want = BLOCK * sizeof(*r->at);
	size_t len = 0;
	ssize_t n = 1;

	while (len < want && n != 0) {
		n = read(r->fd, (uint8_t *)r->at + len, want - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return imp_read_failed(WHAT, err);
		len += (size_t)n;
	}
	r->count = len / sizeof(*r->at);
	return 0;
}

int recorder_write(struct recorder *r, struct imp_error *err)
{
	int rc = 0;

	if (!r->l || !r->spilled)
		return r->l ? write_block(r, err) : 0;
	rc = spill(r, err);
	if (!rc && lseek(r->fd, 0, SEEK_SET) != 0)
		rc = imp_read_failed(WHAT, err);
	if (!rc)
		rc = read_block(r, err);
	while (!rc && r->count > 0) {
		rc = write_block(r, err);
		if (!rc)
			rc = read_block(r, err);
	}
	return rc;
}
