/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of a ledger, as lines. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/digits.h"
#include "base/escape.h"
#include "entry.h"
#include "evidence/known.h"
#include "evidence/token.h"
#include "json.h"
#include "model/identifier.h"
#include "object/signed.h"

void time_text(uint64_t seconds, char out[TIME_TEXT])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	out[0] = '\0';
	if (seconds > INT32_MAX * UINT64_C(64) || !gmtime_r(&t, &tm) ||
	    !strftime(out, TIME_TEXT, "%FT%TZ", &tm))
		snprintf(out, TIME_TEXT, "%" PRIu64, seconds);
}

static void put_hash(FILE *f, const char *what, struct imp_span hash)
{
	char text[24];

	if (hash.len == 0)
		return;
	imp_short_hex(hash, text);
	fprintf(f, " %s %s", what, text);
}

static void put_text(FILE *f, const char *before, struct imp_span text, const char *after)
{
	char safe[4 * IMP_REASON_MAX + 1];

	if (text.len == 0)
		return;
	imp_escape(safe, sizeof(safe), text);
	fprintf(f, "%s%s%s", before, safe, after);
}

static void put_device(FILE *f, struct imp_span ueid)
{
	char name[80];

	if (ueid.len == 0)
		return;
	imp_device_name(ueid, name);
	fprintf(f, " %s", name);
}

/* What a device said of itself. False: it is not among what is known here. */
static bool take_token(const struct imp_record *r, struct imp_evidence *out)
{
	struct imp_error quiet = { 0 };
	struct imp_signed s;

	return r->type == IMP_LEAF_EVIDENCE &&
	       imp_signed_decode(r->bytes, &s, &quiet) == 0 &&
	       imp_evidence_decode(s.payload, out, &quiet) == 0;
}

/* Whose it is: what an auditor follows from one owner to the next. */
static void put_owner(FILE *f, const struct imp_record *r)
{
	struct imp_evidence e;

	if (!take_token(r, &e))
		return;
	fprintf(f, " %s", imp_life_name(e.life));
	put_hash(f, "by", e.owner);
	if (e.owned)
		fprintf(f, " owner-epoch %u", e.owner_epoch);
}

void entry_text(FILE *f, uint64_t index, const struct imp_record *r)
{
	char when[TIME_TEXT];

	if (r->forgotten) {
		fprintf(f, "%6" PRIu64 "  %-20s  %-11s forgotten\n", index, "-",
			imp_leaf_name(r->type));
		return;
	}
	time_text(r->time, when);
	fprintf(f, "%6" PRIu64 "  %s  %-11s", index, when, imp_leaf_name(r->type));
	put_text(f, " ", r->name, "");
	put_device(f, r->ueid);
	put_hash(f, "object", r->object);
	if (!imp_span_eq(r->item, r->object))
		put_hash(f, "item", r->item);
	if (r->type == IMP_LEAF_ISSUE)
		fprintf(f, " domain %" PRIu64 " sequence %" PRIu64, r->domain,
			r->sequence);
	if (r->type == IMP_LEAF_LIST || r->type == IMP_LEAF_LIST_PART) {
		put_hash(f, "of", r->issuer);
		fprintf(f, " sequence %" PRIu64, r->sequence);
	}
	if (r->type == IMP_LEAF_DEVICE)
		fprintf(f, " key %s",
			imp_assurance_name((enum imp_assurance)(r->assurance & 3)));
	if (r->type == IMP_LEAF_DELIVERY || r->type == IMP_LEAF_EVIDENCE)
		fprintf(f, " status %" PRIu64, r->code);
	put_hash(f, "challenge", r->challenge);
	put_owner(f, r);
	put_hash(f, "order", r->order);
	put_hash(f, "subject", r->subject);
	put_text(f, ": ", r->reason, "");
	put_text(f, " (", r->station, ")");
	fputc('\n', f);
}

/* A number that only some types have. */
static void some_uint(struct json *j, const char *key, bool has, uint64_t v)
{
	if (has)
		json_uint(j, key, v);
	else
		json_str(j, key, NULL);
}

static void put_claims(struct json *j, const struct imp_record *r)
{
	bool issued = r->type == IMP_LEAF_ISSUE;
	bool revokes = r->type == IMP_LEAF_REVOKE || r->type == IMP_LEAF_LIST ||
		       r->type == IMP_LEAF_LIST_PART;
	struct imp_evidence e = { 0 };
	bool token = take_token(r, &e);

	json_str(j, "lifecycle", token ? imp_life_name(e.life) : NULL);
	json_hex(j, "owner", e.owner);
	some_uint(j, "owner_epoch", issued || e.owned,
		  issued ? r->owner_epoch : e.owner_epoch);
	some_uint(j, "domain", issued, r->domain);
	some_uint(j, "domain_epoch", issued, r->domain_epoch);
	some_uint(j, "sequence", issued || revokes, r->sequence);
}

static const char *assurance_of(const struct imp_record *r)
{
	static const char *const ways[] = {
		[1] = "attested", [2] = "readback", [3] = "unproven", [4] = "refused"
	};

	if (r->type == IMP_LEAF_DEVICE && r->assurance <= IMP_ENDORSED)
		return imp_assurance_name((enum imp_assurance)r->assurance);
	return r->type == IMP_LEAF_DELIVERY && r->assurance < COUNTOF(ways)
		       ? ways[r->assurance]
		       : NULL;
}

void entry_json(FILE *f, uint64_t index, const struct imp_record *record)
{
	const struct imp_record none = { 0 };
	const struct imp_record *r = record->forgotten ? &none : record;
	bool evidence = r->type == IMP_LEAF_EVIDENCE;
	struct json j = { .f = f, .first = true };
	char when[TIME_TEXT], imei[16];

	time_text(r->time, when);
	if (record->forgotten)
		when[0] = '\0';
	json_open(&j, NULL, '{');
	json_uint(&j, "entry", index);
	json_str(&j, "time", when[0] ? when : NULL);
	json_str(&j, "type", imp_leaf_name(record->type));
	json_some(&j, "station", r->station);
	json_some(&j, "tool", r->tool);
	json_some(&j, "origin", r->name);
	json_hex(&j, "ueid", r->ueid);
	json_str(&j, "imei", imp_imei_of_ueid(r->ueid, imei) ? imei : NULL);
	json_hex(&j, "signing_kid", r->signing);
	json_hex(&j, "sealing_kid", r->sealing);
	json_str(&j, "assurance", assurance_of(r));
	json_some(&j, "reason", r->reason);
	json_hex(&j, "object", r->object);
	json_hex(&j, "issuer", r->issuer);
	put_claims(&j, r);
	json_hex(&j, "item", r->item);
	json_hex(&j, "order", r->order);
	json_hex(&j, "subject", r->subject);
	some_uint(&j, "status", evidence || r->type == IMP_LEAF_DELIVERY, r->code);
	json_hex(&j, "nonce", r->nonce);
	some_uint(&j, "boot", evidence, r->boot);
	some_uint(&j, "evidence_count", evidence, r->count);
	json_hex(&j, "challenge", r->challenge);
	json_hex(&j, "beacon", r->beacon);
	json_hex(&j, "r", r->r);
	json_hex(&j, "bytes", r->bytes);
	json_bool(&j, "forgotten", record->forgotten);
	json_close(&j, '}');
	fputc('\n', f);
}
