/* SPDX-License-Identifier: Apache-2.0 */
/* Appraisal: each thing that is expected and is not there has its name and its status. */
#include <criterion/criterion.h>
#include <string.h>

#include "evidence/appraise.h"
#include "kit.h"

static struct scene s;
static struct imp_known known;
static struct imp_expected right;
static uint8_t evidence[KIT_CAP], package[KIT_CAP], id[32], wrong[32] = { 5 };
static size_t len;
static const uint8_t nonce[32] = { 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
				   7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7 };

/* A device that holds a profile in domain 1 and had one in domain 2. */
static void start(void)
{
	const struct imp_factories nobody = { 0 };
	const struct imp_command wipe = { .op = IMP_OP_WIPE,
					  .sequence = 1,
					  .domains = 1 << 2 };
	struct spec spec = { .domain = 2, .settings = apn };
	struct imp_response r;

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	cr_assert(board_request(&s.dev, IMP_ENROLL, 1, &r));
	cr_assert_eq(imp_known_check(s.crypto, r.card, NULL, &nobody, &known, NULL), 0);
	cr_assert_eq(push_package(&s, &spec, NULL), 0);
	cr_assert_eq(push_command(&s, wipe, &s.owner, NULL), 0);
	spec = (struct spec){ .domain = 1, .epochs = { 1, 3 }, .sequence = 8 };
	cr_assert_eq(board_push(&s.dev, make_package(&s, &spec, package, id), NULL), 0);
	cr_assert(board_request(&s.dev, IMP_ATTEST, nonce[0], &r));
	len = r.evidence.len;
	memcpy(evidence, r.evidence.ptr, len);
	right = (struct imp_expected){ .known = &known,
				       .nonce = nonce,
				       .owner = IMP_SPAN(s.owner.kid),
				       .record = IMP_SPAN(s.dev.agent.state.record),
				       .has_policy = true,
				       .wiped_domains = 1 << 2,
				       .has_profile = true,
				       .domain = 1,
				       .id = IMP_SPAN(id),
				       .authority = IMP_SPAN(s.owner.kid),
				       .epochs = { 1, 3 },
				       .sequence = 8 };
}

static void stop(void)
{
	imp_known_fini(&known);
	scene_stop(&s);
}

TestSuite(appraise, .init = start, .fini = stop);

/* The one thing that differs, or "" where nothing does; its status goes to code. */
static const char *differs(const struct imp_expected *x, int *code)
{
	static struct imp_appraisal a;

	*code = imp_appraise(s.crypto, (struct imp_span){ evidence, len }, x, &a);
	cr_assert_leq(a.count, 1);
	return a.count ? a.difference[0].what : "";
}

/* EVID-02, EVID-11, EVID-12, DEV-10, DEV-12 */
Test(appraise, what_differs_is_named_and_has_its_status)
{
	int code;

	for (unsigned i = 0;; i++) {
		struct imp_expected x = right;
		const char *what = NULL;

		switch (i) {
		case 0:
			what = "";
			break;
		case 1:
			what = "nonce";
			x.nonce = wrong;
			break;
		case 2:
			what = "owner";
			x.owner = IMP_SPAN(wrong);
			break;
		case 3:
			what = "owner record";
			x.record = IMP_SPAN(wrong);
			break;
		case 4:
			what = "policy";
			x.policy = 1;
			break;
		case 5:
			what = "lifecycle";
			x.unowned = true;
			break;
		case 6:
			what = "lifecycle";
			x.locked = true;
			break;
		case 7:
			what = "lifecycle";
			x.decommissioned = true;
			break;
		case 8:
			what = "domain";
			x.wiped_domains = 1 << 1;
			break;
		case 9:
			what = "domain";
			x.wiped = true;
			break;
		case 10:
			what = "profile id";
			x.id = IMP_SPAN(wrong);
			break;
		case 11:
			what = "authority";
			x.authority = IMP_SPAN(wrong);
			break;
		case 12:
			what = "owner-epoch";
			x.epochs[0]++;
			break;
		case 13:
			what = "domain-epoch";
			x.epochs[1]--;
			break;
		case 14:
			what = "sequence";
			x.sequence--;
			break;
		case 15:
			what = "profile";
			x.domain = 3;
			break;
		case 16:
			what = "domain";
			x.domain = 2; /* wiped, where a profile should be */
			x.id.len = 0;
			break;
		default:
			return;
		}
		cr_assert_str_eq(differs(&x, &code), what, "%u", i);
		cr_assert_eq(code, i == 0 ? 0 : i == 1 ? -IMP_EVERIFY : -IMP_EPOLICY);
	}
}

/* A profile that a new owner has kept is there, with the new owner's numbers; it was not
 * applied just now, and no other profile is taken for it. */
Test(appraise, a_profile_that_was_kept_is_there)
{
	static uint8_t buf[KIT_CAP];
	const struct claim_spec keep = { .to = &s.stranger, .kept = true, .domains = 2 };
	struct imp_expected x = right;
	struct imp_appraisal a;
	struct imp_response r;
	int code;

	cr_assert_eq(board_push(&s.dev, make_transfer(&s, &s.owner, keep, buf), NULL), 0);
	cr_assert(board_request(&s.dev, IMP_ATTEST, nonce[0], &r));
	len = r.evidence.len;
	memcpy(evidence, r.evidence.ptr, len);
	x.owner = IMP_SPAN(s.stranger.kid);
	x.record = IMP_SPAN(s.dev.agent.state.record);
	x.later = true;
	cr_assert_str_eq(differs(&x, &code), "");
	x.later = false;
	cr_assert_neq(imp_appraise(s.crypto, (struct imp_span){ evidence, len }, &x, &a),
		      0);
	cr_assert_eq(a.count, 3, "owner-epoch, domain-epoch, sequence");
	x.later = true;
	x.id = IMP_SPAN(wrong);
	cr_assert_neq(imp_appraise(s.crypto, (struct imp_span){ evidence, len }, &x, &a),
		      0);
	cr_assert_eq(a.count, 4);
	x = right;
	x.later = true;
	x.owner = IMP_SPAN(s.stranger.kid);
	x.record = IMP_SPAN(s.dev.agent.state.record);
	x.epochs[0] = 2;
	cr_assert_neq(imp_appraise(s.crypto, (struct imp_span){ evidence, len }, &x, &a),
		      0);
}
