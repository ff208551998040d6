/* SPDX-License-Identifier: Apache-2.0 */
/* A grant in a file with those above it. */
#include <stdlib.h>
#include <string.h>

#include "base/digits.h"
#include "base/file.h"
#include "issue/approve.h"
#include "issue/grants.h"
#include "issue/issuer.h"

void imp_grants_fini(struct imp_grants *g)
{
	imp_secret_fini(&g->un);
	*g = (struct imp_grants){ 0 };
}

/* The header map that the holder's objects carry, with the grant as it is. */
static int take_bytes(struct imp_grants *g, struct imp_span bytes, struct imp_error *err)
{
	uint8_t head[2];
	struct imp_writer w = imp_writer(head, sizeof(head));
	int rc;

	imp_cbor_put_map(&w, 1);
	imp_cbor_put_int(&w, IMP_HDR_CHAIN);
	rc = imp_secret_set(&g->un, imp_written(&w), err);
	return rc ? rc : imp_secret_append(&g->un, bytes, err);
}

static int take_link(struct imp_grants *g, struct imp_span item, struct imp_error *err)
{
	struct imp_grant_link *link = &g->link[g->links];
	int rc = imp_signed_decode(item, &link->object, err);

	if (!rc && link->object.kind != IMP_KIND_GRANT)
		rc = imp_fail(err, IMP_EFORMAT, "is a %s, expected a grant",
			      imp_kind_name(link->object.kind));
	if (!rc)
		rc = imp_grant_decode(link->object.payload, &link->grant, err);
	g->links += !rc;
	return rc;
}

static int take_links(struct imp_grants *g, struct imp_error *err)
{
	struct imp_span all = imp_secret_span(&g->un);
	struct imp_span next = { all.ptr + 2, all.len - 2 };
	int rc = 0;

	while (!rc && next.len > 0 && g->links < IMP_GRANT_LINKS) {
		rc = take_link(g, next, err);
		if (!rc)
			next = g->link[g->links - 1].object.cose.uh.chain;
	}
	return rc || next.len == 0 ? rc
				   : imp_fail(err, IMP_EPOLICY,
					      "more than %d grants, one behind the other",
					      IMP_GRANT_LINKS);
}

static int differs(const char *who, struct imp_span found, const uint8_t expected[32],
		   struct imp_error *err)
{
	char a[24], b[24];

	imp_short_hex(found, a);
	imp_short_hex((struct imp_span){ expected, 32 }, b);
	return imp_fail(err, IMP_EPOLICY, "signed by %s, expected %s %s", a, who, b);
}

static int no_digest(struct imp_error *err)
{
	return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
}

/* Is each link signed in the name of whom the next one names, up to the owner? */
static int check_names(struct imp_grants *g, struct imp_crypto *crypto,
		       const struct imp_pub *owner, struct imp_error *err)
{
	for (size_t i = 0; i < g->links; i++) {
		const struct imp_pub *by =
			i + 1 < g->links ? &g->link[i + 1].grant.holder : owner;
		uint8_t kid[32];

		if (by && imp_cose_kid(crypto, by, kid))
			return no_digest(err);
		if (by && !imp_span_eq(g->link[i].object.issuer, IMP_SPAN(kid)))
			return differs(by == owner ? "the owner" : "the holder above,",
				       g->link[i].object.issuer, kid, err);
	}
	return imp_cose_kid(crypto, &g->link[0].grant.holder, g->holder) ? no_digest(err)
									 : 0;
}

/* How many of the topmost links need no signature: without the owner's key, whom the
 * owner named stands in its place. */
static size_t unverified(const struct imp_grants *g, const struct imp_pub *owner)
{
	/* Who approves what the owner signs is known to its devices alone. */
	bool all = owner && g->link[g->links - 1].object.cose.tag != IMP_TAG_SIGN;

	if (g->above_verified && g->links > 1)
		return g->links - 1;
	return all ? 0 : 1;
}

/* The owner and its approvers, where there are several. */
static int verify_several(const struct imp_grants *g, struct imp_crypto *crypto,
			  const struct imp_pub *owner, struct imp_error *err)
{
	const struct imp_signed *top = &g->link[g->links - 1].object;
	const struct imp_quorum told = { .owner = owner };
	int rc;

	if (!owner || top->cose.tag != IMP_TAG_SIGN ||
	    (g->above_verified && g->links > 1))
		return 0;
	rc = imp_issuer_verify(crypto, top, owner, err);
	return rc ? rc : imp_approvals_check(crypto, top, &told, err);
}

static int verify(const struct imp_grants *g, struct imp_crypto *crypto,
		  const struct imp_pub *owner, struct imp_error *err)
{
	static const struct imp_approval nobody;
	size_t passed = unverified(g, owner);
	struct imp_side by = { owner, &nobody };
	struct imp_chain chain;
	enum imp_reason reason = imp_chain_open(crypto, &g->link[0].object, &chain);
	int rc = verify_several(g, crypto, owner, err);

	if (rc || (!reason && passed > chain.links))
		return rc;
	if (passed > 0) {
		const struct imp_grant *above = &g->link[g->links - passed].grant;

		by = (struct imp_side){ &above->holder, &above->approval };
	}
	chain.links -= passed;
	if (!reason)
		reason = imp_chain_match(crypto, &chain, &by);
	if (!reason)
		reason = imp_chain_verify(crypto, &chain, &by);
	return reason ? imp_fail(err, imp_reason_row(reason)->code, "%s",
				 imp_reason_row(reason)->says)
		      : 0;
}

int imp_grants_open(struct imp_grants *g, struct imp_crypto *crypto,
		    struct imp_span bytes, const struct imp_pub *owner,
		    struct imp_error *err)
{
	int rc = take_bytes(g, bytes, err);

	g->owner_verified = owner != NULL;
	if (!rc)
		rc = take_links(g, err);
	if (!rc)
		rc = check_names(g, crypto, owner, err);
	return rc ? rc : verify(g, crypto, owner, err);
}

int imp_grants_read(struct imp_grants *g, struct imp_crypto *crypto, const char *path,
		    const struct imp_pub *owner, uint64_t now_s, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret file = { 0 };
	int rc;

	*g = (struct imp_grants){ .name = path, .now_s = now_s };
	rc = imp_file_read(path, IMP_CBOR_MAX, &file, err);
	if (rc)
		return rc;
	rc = imp_grants_open(g, crypto, imp_secret_span(&file), owner, err);
	return imp_wrap(err, rc, "%s", path);
}

int imp_grants_fit(const struct imp_grants *g, struct imp_crypto *crypto,
		   const struct imp_pub *key, struct imp_error *err)
{
	char mine[24], holder[24];
	uint8_t kid[32];

	if (imp_cose_kid(crypto, key, kid))
		return no_digest(err);
	imp_short_hex(IMP_SPAN(kid), mine);
	imp_short_hex(IMP_SPAN(g->holder), holder);
	if (!imp_span_eq(IMP_SPAN(kid), IMP_SPAN(g->holder)))
		return imp_fail(err, IMP_EPOLICY,
				"the key that signs is %s, %s is held by %s", mine,
				g->name, holder);
	return 0;
}

int imp_grants_alone(const struct imp_grants *g, struct imp_error *err)
{
	const struct imp_approval *a = &g->link[0].grant.approval;

	if (a->threshold == 0)
		return 0;
	return imp_hint(err,
			imp_fail(err, IMP_EPOLICY,
				 "%s: asks for %u of %u approvers besides, expected one "
				 "key that signs alone",
				 g->name, a->threshold, a->count),
			"imprint build, sign, approve and encrypt, one after the other, "
			"let them sign");
}
