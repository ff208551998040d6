/* SPDX-License-Identifier: Apache-2.0 */
/* What a transfer says, in words. */
#include <inttypes.h>
#include <string.h>

#include "base/digits.h"
#include "base/escape.h"
#include "base/text.h"
#include "cose/key.h"
#include "json.h"
#include "object/domains.h"
#include "object/profile.h"
#include "transfer.h"

const char *transfer_domains(uint16_t domains, const char *none, char out[80])
{
	size_t n = 0;

	if (domains == 0)
		return none;
	n += (size_t)snprintf(out, 80, "domain%s",
			      imp_plural(imp_domains_count(domains)));
	for (unsigned d = 0; d < IMP_EVIDENCE_DOMAINS; d++)
		if (domains >> d & 1)
			n += (size_t)snprintf(out + n, 80 - n, "%s %u",
					      domains & ((1u << d) - 1) ? "," : "", d);
	return out;
}

/* All but what is different for each device. */
static int same_terms(struct transfer_show *s, const struct imp_offer *o, bool *same,
		      struct imp_error *err)
{
	uint8_t buf[IMP_HANDOVER_MAX];
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	struct imp_transfer terms = o->transfer;

	terms.target = (struct imp_target){ 0 };
	terms.previous = (struct imp_span){ 0 };
	terms.owner_epoch = 0;
	if (terms.recovery.len > 0)
		terms.recovery = IMP_TEXT("recovery");
	imp_put(&w, o->object.issuer);
	if (o->object.batched)
		imp_put(&w, o->object.cose.payload);
	imp_transfer_encode(&terms, &w);
	*same = imp_span_eq(imp_written(&w), imp_secret_span(&s->terms));
	return imp_secret_set(&s->terms, imp_written(&w), err);
}

static void put_batch(FILE *f, const struct imp_root *root)
{
	char label[4 * IMP_LABEL_MAX + 1];

	imp_escape(label, sizeof(label), root->label);
	fprintf(f, "  one of a batch of %" PRIu32 ", by one signature%s%s\n", root->size,
		label[0] ? ": " : "", label);
}

static void put_terms(FILE *f, const struct imp_offer *o)
{
	const struct imp_transfer *t = &o->transfer;
	char kept[80];

	if (t->kept)
		fprintf(f, "  %s as now; everything else is wiped\n",
			transfer_domains(t->kept, "", kept));
	else
		fputs("  everything is wiped\n", f);
	fprintf(f, "  the maker's key may %srecover it for another owner\n",
		t->policy & IMP_POLICY_RECOVERY ? "" : "not ");
	if (t->policy & IMP_POLICY_CHALLENGED)
		fputs("  it proves itself, and says who it is, to challenges only\n", f);
	if (t->approval.threshold > 0)
		fprintf(f, "  what the new owner signs needs %u of %u approvals\n",
			t->approval.threshold, t->approval.count);
	if (o->object.batched)
		put_batch(f, &o->object.leaf.root);
}

static void put_text(FILE *f, const struct imp_offer *o, bool same)
{
	char device[80], from[24], to[24], record[24];

	imp_device_name(o->transfer.target.ueid, device);
	imp_short_hex(o->object.issuer, from);
	imp_short_hex(IMP_SPAN(o->owner), to);
	imp_short_hex(o->transfer.previous, record);
	fprintf(f, "%s: %s from %s to %s, owner-epoch %u, replaces owner record %s\n",
		device, imp_change_name(imp_transfer_change(&o->transfer)), from, to,
		o->transfer.owner_epoch, record);
	if (same)
		fputs("  as above\n", f);
	else
		put_terms(f, o);
}

static int put_approval(struct json *j, struct imp_crypto *crypto,
			const struct imp_approval *a)
{
	uint8_t kid[32];
	int rc = 0;

	if (a->threshold == 0) {
		json_str(j, "approval", NULL);
		return 0;
	}
	json_open(j, "approval", '{');
	json_uint(j, "threshold", a->threshold);
	json_open(j, "keys", '[');
	for (uint32_t i = 0; !rc && i < a->count; i++) {
		rc = imp_cose_kid(crypto, &a->key[i], kid);
		json_hex(j, NULL, IMP_SPAN(kid));
	}
	json_close(j, ']');
	json_close(j, '}');
	return rc;
}

static int put_json(FILE *f, struct imp_crypto *crypto, const struct imp_offer *o)
{
	const struct imp_transfer *t = &o->transfer;
	struct json j = { .f = f, .first = true };
	int rc;

	json_open(&j, NULL, '{');
	json_str(&j, "change", imp_change_name(imp_transfer_change(t)));
	json_hex(&j, "ueid", t->target.ueid);
	json_hex(&j, "from", o->object.issuer);
	json_hex(&j, "to", IMP_SPAN(o->owner));
	json_uint(&j, "owner_epoch", t->owner_epoch);
	json_hex(&j, "record", IMP_SPAN(o->id));
	json_hex(&j, "replaces", t->previous);
	json_open(&j, "kept", '[');
	for (unsigned d = 0; d < IMP_EVIDENCE_DOMAINS; d++)
		if (t->kept >> d & 1)
			json_uint(&j, NULL, d);
	json_close(&j, ']');
	json_bool(&j, "recovery_allowed", t->policy & IMP_POLICY_RECOVERY);
	json_bool(&j, "challenges_only", t->policy & IMP_POLICY_CHALLENGED);
	rc = put_approval(&j, crypto, &t->approval);
	if (o->object.batched)
		json_uint(&j, "batch", o->object.leaf.root.size);
	else
		json_str(&j, "batch", NULL);
	json_some(&j, "label",
		  o->object.batched ? o->object.leaf.root.label : (struct imp_span){ 0 });
	json_open(&j, "signed_by", '[');
	for (size_t i = 0; i < o->object.cose.count; i++)
		json_hex(&j, NULL, imp_signed_kid(&o->object, i));
	json_close(&j, ']');
	json_close(&j, '}');
	fputc('\n', f);
	return rc;
}

int transfer_show(struct transfer_show *s, struct imp_crypto *crypto,
		  const struct imp_offer *o, struct imp_error *err)
{
	bool same;
	int rc;

	if (!s->f)
		return 0;
	if (s->json)
		return put_json(s->f, crypto, o)
			       ? imp_fail(err, IMP_EINTERNAL, "SHA-256 failed")
			       : 0;
	rc = same_terms(s, o, &same, err);
	if (!rc)
		put_text(s->f, o, same);
	return rc;
}

void transfer_show_fini(struct transfer_show *s)
{
	imp_secret_fini(&s->terms);
}
