/* SPDX-License-Identifier: Apache-2.0 */
/* What a person decides: items that are in doubt, boards that are gone. */
#include <inttypes.h>
#include <string.h>

#include "ask.h"
#include "base/digits.h"
#include "devices.h"
#include "entry.h"
#include "evidence/known.h"
#include "json.h"
#include "ledger/forget.h"
#include "ledger/journal.h"
#include "ledger/registry.h"
#include "ledger_do.h"
#include "model/identifier.h"
#include "target.h"

static struct imp_span ueid_of(const struct imp_item_now *i)
{
	return (struct imp_span){ i->ueid, i->ueid_len };
}

static void show_json(const struct imp_item_now *i)
{
	struct json j = { .f = stdout, .first = true };
	char when[TIME_TEXT], imei[16];

	time_text(i->time, when);
	json_open(&j, NULL, '{');
	json_hex(&j, "item", IMP_SPAN(i->item));
	json_hex(&j, "object", IMP_SPAN(i->object));
	json_hex(&j, "ueid", ueid_of(i));
	json_str(&j, "imei", imp_imei_of_ueid(ueid_of(i), imei) ? imei : NULL);
	json_str(&j, "state", imp_item_state_name(i->state));
	json_uint(&j, "entry", i->entry);
	json_str(&j, "time", when);
	json_str(&j, "station", i->station[0] ? i->station : NULL);
	json_close(&j, '}');
	putchar('\n');
}

static void show_text(const struct imp_item_now *i)
{
	char item[65], when[TIME_TEXT], device[80] = "";

	imp_hex(IMP_SPAN(i->item), item);
	time_text(i->time, when);
	if (i->ueid_len > 0)
		imp_device_name(ueid_of(i), device);
	printf("%s  %-8s  %s%sentry %" PRIu64 ", %s%s%s\n", item,
	       imp_item_state_name(i->state), device, device[0] ? ", " : "", i->entry,
	       when, i->station[0] ? ", by station " : "", i->station);
}

static int show(void *ctx, const struct imp_item_now *item, struct imp_error *err)
{
	const struct ledger_work *w = ctx;

	(void)err;
	(w->report.json ? show_json : show_text)(item);
	return 0;
}

int ledger_do_items(const struct ledger_work *w, struct imp_error *err)
{
	CLEANUP(imp_ledger_close) struct imp_ledger *l = NULL;
	int rc = ledger_open(&w->ledger, NULL, &l, err);

	return rc ? rc : imp_ledger_each_open(l, show, (void *)w, err);
}

int ledger_do_only_issued(const struct ledger_work *w, struct imp_error *err)
{
	CLEANUP(imp_ledger_close) struct imp_ledger *l = NULL;
	int rc = ledger_open(&w->ledger, NULL, &l, err);

	return rc ? rc : imp_ledger_only_issued(l, w->reason, err);
}

static int take_item(const struct ledger_work *w, uint8_t item[32], struct imp_error *err)
{
	struct imp_writer out = imp_writer(item, 32);

	return imp_from_hex(imp_span_str(w->item), &out) && out.len == 32
		       ? 0
		       : imp_fail(
				 err, IMP_EUSAGE,
				 "--item %s: expected 64 digits, as imprint ledger items "
				 "shows them",
				 w->item);
}

static int decide(const struct ledger_work *w, bool release, struct imp_error *err)
{
	CLEANUP(imp_ledger_close) struct imp_ledger *l = NULL;
	uint8_t item[32];
	int rc = take_item(w, item, err);

	if (!rc)
		rc = ledger_open(&w->ledger, NULL, &l, err);
	if (rc)
		return rc;
	return release ? imp_ledger_release(l, item, NULL, w->reason, err)
		       : imp_ledger_write_off(l, item, w->reason, err);
}

int ledger_do_release(const struct ledger_work *w, struct imp_error *err)
{
	return decide(w, true, err);
}

int ledger_do_write_off(const struct ledger_work *w, struct imp_error *err)
{
	return decide(w, false, err);
}

/* The device that --id names. */
static int take_id(const struct ledger_work *w, uint8_t ueid[33], struct imp_span *out,
		   struct imp_error *err)
{
	struct imp_target target;
	int rc = target_parse(w->id, ueid, &target, err);

	*out = target.ueid;
	return rc || target.ueid.len > 0
		       ? rc
		       : imp_fail(err, IMP_EUSAGE, "--id %s: expected an imei or a ueid",
				  w->id);
}

typedef int decision(struct imp_ledger *l, struct imp_span ueid, const char *reason,
		     struct imp_error *err);

static int decide_device(const struct ledger_work *w, decision *fn, struct imp_error *err)
{
	CLEANUP(imp_ledger_close) struct imp_ledger *l = NULL;
	uint8_t bytes[33];
	struct imp_span ueid;
	int rc = take_id(w, bytes, &ueid, err);

	if (!rc)
		rc = ledger_open(&w->ledger, NULL, &l, err);
	return rc ? rc : fn(l, ueid, w->reason, err);
}

int ledger_do_retire(const struct ledger_work *w, struct imp_error *err)
{
	return decide_device(w, imp_ledger_retire, err);
}

int ledger_do_quarantine(const struct ledger_work *w, struct imp_error *err)
{
	return decide_device(w, imp_ledger_quarantine, err);
}

int ledger_do_reinstate(const struct ledger_work *w, struct imp_error *err)
{
	return decide_device(w, imp_ledger_reinstate, err);
}

/* Nothing brings it back. */
static int make_sure(const struct ledger_work *w, const char *device,
		     struct imp_error *err)
{
	char question[128];
	int rc;

	if (w->yes)
		return 0;
	snprintf(question, sizeof(question), "Forget %s for good", device);
	rc = ask_yes(question, err);
	if (rc == -IMP_EUSAGE)
		return imp_hint(err, rc, "--yes, where a script's user has decided it");
	return rc ? (rc < 0 ? rc : 0) : imp_fail(err, IMP_EPOLICY, "not forgotten");
}

int ledger_do_forget(const struct ledger_work *w, struct imp_error *err)
{
	CLEANUP(imp_ledger_close) struct imp_ledger *l = NULL;
	uint64_t entries = 0;
	uint8_t bytes[33];
	char device[80];
	struct imp_span ueid;
	int rc = take_id(w, bytes, &ueid, err);

	if (!rc)
		rc = ledger_open(&w->ledger, NULL, &l, err);
	if (rc)
		return rc;
	imp_device_name(ueid, device);
	rc = make_sure(w, device, err);
	if (!rc)
		rc = imp_ledger_forget(l, ueid, w->reason, &entries, err);
	if (!rc)
		rc = imp_ledger_scrub(l, err);
	if (!rc)
		printf("%s: %" PRIu64 " entr%s forgotten\n", device, entries,
		       entries == 1 ? "y" : "ies");
	return rc;
}
