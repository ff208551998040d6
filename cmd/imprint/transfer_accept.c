/* SPDX-License-Identifier: Apache-2.0 */
/* Accepting transfers, and signing many by one signature. */
#include "base/digits.h"
#include "issue/once.h"
#include "transfer.h"

/* The new owner's approvers sign it besides, where it has some. */
static int sign_root(struct transfer *t, struct imp_span label, struct imp_error *err)
{
	bool both = t->terms.taker && !imp_pub_eq(&t->taker.pub, &t->signer.pub);
	int rc;

	t->leaves.many = true;
	rc = imp_leaves_sign(&t->leaves, t->crypto, &t->signer, (struct imp_span){ 0 },
			     label, err);
	return rc || !both
		       ? rc
		       : imp_leaves_countersign(&t->leaves, t->crypto, &t->taker, err);
}

/* What is signed now is shown, and kept to be written or sent. */
static int keep(struct transfer *t, struct imp_span object, struct imp_error *err)
{
	struct imp_offer offer;
	int rc = imp_offer_open(t->crypto, object, NULL, &offer, err);

	if (!rc)
		rc = transfer_show(&t->show, t->crypto, &offer, err);
	return rc ? rc
		  : transfers_add(&t->list, t->crypto, offer.transfer.target.ueid, object,
				  err);
}

int transfer_sign(struct transfer *t, struct imp_span label, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret payload = { 0 };
	int rc = sign_root(t, label, err);

	for (size_t i = 0; !rc && i < t->offered.count; i++) {
		uint8_t buf[IMP_CBOR_MAX];
		struct imp_writer w = imp_writer(buf, sizeof(buf));

		rc = cli_check_cancel(err);
		if (!rc)
			rc = transfers_read(&t->offered, i, &payload, err);
		if (!rc)
			rc = imp_leaves_put(&t->leaves, t->crypto, (uint32_t)i,
					    imp_secret_span(&payload), &w, NULL, err);
		if (!rc)
			rc = keep(t, imp_written(&w), err);
	}
	return rc;
}

/* What is there to be accepted, whole or not at all. */
struct looking {
	struct transfer *t;
	const struct imp_pub *from;
	struct imp_recount recount;
};

/* Nothing by a key, for a device or to owners that are on the list. */
static int check_revoked(struct transfer *t, const struct imp_offer *offer,
			 struct imp_error *err)
{
	const struct imp_revoked *r = &t->verifier.revoked;
	int rc = imp_revoked_check_object(r, t->crypto, &offer->object, err);

	return rc || !r->name
		       ? rc
		       : imp_revoked_check_transfer(r, t->crypto, &offer->transfer, err);
}

/* A signature of a batch that was verified with one leaf is not with each other. */
static int look(struct looking *k, struct imp_span item, struct imp_error *err)
{
	struct transfer *t = k->t;
	const struct imp_pub *from = k->from;
	struct imp_offer offer;
	struct imp_signed s;
	char name[80];
	int rc = imp_signed_decode(item, &s, err);

	if (!rc)
		rc = imp_recount_any(&k->recount, t->crypto, &s, err);
	if (rc)
		return rc;
	if (imp_recount_is_batch(&k->recount) && k->recount.same && s.leaf.index > 0)
		from = NULL;
	rc = imp_offer_open(t->crypto, item, from, &offer, err);
	if (rc)
		return rc;
	imp_device_name(offer.transfer.target.ueid, name);
	rc = imp_offer_check(&offer, &t->signer.pub, err);
	if (!rc)
		rc = check_revoked(t, &offer, err);
	rc = imp_wrap(err, rc, "%s", name);
	return rc ? rc
		  : transfers_add(&t->offered, t->crypto, offer.transfer.target.ueid,
				  item, err);
}

static int look_at_all(struct looking *k, const char *path, struct imp_error *err)
{
	CLEANUP(imp_batch_close) struct imp_batch b = { 0 };
	struct imp_span item;
	int rc = imp_batch_open(&b, path, IMP_BATCH_SIGNED, err);

	while (!rc && (rc = imp_batch_next(&b, &item, err)) > 0) {
		rc = cli_check_cancel(err);
		if (!rc)
			rc = imp_wrap(err, look(k, item, err), "%s: item %llu", b.name,
				      (unsigned long long)b.index);
	}
	if (!rc && imp_recount_is_batch(&k->recount))
		rc = imp_wrap(err, imp_recount_end(&k->recount, k->t->crypto, err), "%s",
			      b.name);
	return rc;
}

static int accept_one(struct transfer *t, const struct imp_signer *taker,
		      struct imp_span item, struct imp_error *err)
{
	uint8_t buf[IMP_CBOR_MAX];
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	struct imp_offer offer;
	int rc = imp_offer_open(t->crypto, item, NULL, &offer, err);

	if (!rc)
		rc = imp_offer_accept(t->crypto, &offer, taker, &w, err);
	return rc ? rc : keep(t, imp_written(&w), err);
}

int transfer_accept(struct transfer *t, const char *path, const struct imp_pub *from,
		    struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret item = { 0 };
	struct looking k = { .t = t, .from = from };
	struct imp_once once;
	const struct imp_signer taker = imp_once(&once, t->crypto, &t->signer);
	int rc = look_at_all(&k, path, err);

	imp_recount_fini(&k.recount);
	for (size_t i = 0; !rc && i < t->offered.count; i++) {
		rc = cli_check_cancel(err);
		if (!rc)
			rc = transfers_read(&t->offered, i, &item, err);
		if (!rc)
			rc = accept_one(t, &taker, imp_secret_span(&item), err);
	}
	return rc;
}
