/* SPDX-License-Identifier: Apache-2.0 */
/* What a verifier foretells of a device's chains, and what may not change without an
 * entry. */
#include <criterion/criterion.h>
#include <string.h>

#include "evidence/chains.h"
#include "kit.h"
#include "object/signed.h"

static struct scene s;
static struct imp_evidence before, now;
static struct imp_chains chains;
static struct imp_entry entry;
static uint8_t kept[2][KIT_CAP];

/* Evidence whose spans stay when the board is asked again. */
static void attest(struct imp_evidence *e, uint8_t kept_in[KIT_CAP])
{
	struct imp_response r;
	struct imp_signed signed_evidence;

	cr_assert(board_request(&s.dev, IMP_ATTEST, 7, &r));
	cr_assert(r.evidence.len > 0 && r.evidence.len <= KIT_CAP);
	memcpy(kept_in, r.evidence.ptr, r.evidence.len);
	cr_assert_eq(imp_signed_decode((struct imp_span){ kept_in, r.evidence.len },
				       &signed_evidence, NULL),
		     0);
	cr_assert_eq(imp_evidence_decode(signed_evidence.cose.payload, e, NULL), 0);
}

/* A claimed device, evidence of it, then a profile and evidence again. */
static void start(void)
{
	static uint8_t buf[KIT_CAP];
	const struct spec spec = { .domain = 1 };
	struct imp_known k = { 0 };

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	attest(&before, kept[0]);
	cr_assert_eq(board_push(&s.dev, make_package(&s, &spec, buf, entry.id), NULL), 0);
	attest(&now, kept[1]);
	entry.kind = IMP_ENTRY_PROFILE;
	entry.domain = 1;
	entry.owner_epoch = 1;
	entry.sequence = 1;
	memcpy(entry.issuer, s.owner.kid, 32);
	cr_assert_eq(imp_cose_kid(s.crypto, &s.dev.pub[0], k.signing_kid), 0);
	cr_assert_eq(imp_chains_start(s.crypto, &k, &chains), 0);
}

static int foretell(bool step, bool must, const struct imp_evidence *token)
{
	return imp_chains_foretell(
		s.crypto, &chains,
		(struct imp_step){ step ? &entry : NULL, .must = must }, token);
}

Test(chains, from_the_start_a_claim_is_foretold)
{
	start();
	cr_assert_eq(foretell(false, false, &before), 1);
	cr_assert_eq(foretell(true, true, &now), 1);
	cr_assert_eq(foretell(true, false, &now), 1);
	cr_assert_eq(foretell(false, false, &now), 0, "a profile that nobody told of");
	scene_stop(&s);
}

Test(chains, what_was_applied_just_now_must_show)
{
	start();
	cr_assert_eq(foretell(true, false, &before), 1, "it may still be to come");
	cr_assert_eq(foretell(true, true, &before), 0);
	imp_chains_take(&chains, &before);
	cr_assert_eq(foretell(true, false, &before), 1);
	cr_assert_eq(foretell(true, true, &before), 0);
	cr_assert_eq(foretell(true, true, &now), 1);
	entry.sequence = 2;
	cr_assert_eq(foretell(true, true, &now), 0, "another entry");
	scene_stop(&s);
}

Test(chains, a_claim_is_foretold_only_where_nothing_was_proven)
{
	start();
	imp_chains_take(&chains, &now);
	cr_assert_eq(foretell(false, false, &before), 0);
	scene_stop(&s);
}

Test(chains, state_changes_only_with_an_entry)
{
	static struct imp_appraisal a;

	start();
	a.token = now;
	cr_assert_eq(imp_chains_unchanged(&now, &a), 0);
	cr_assert_eq(imp_chains_unchanged(&before, &a), 0, "other heads, another state");
	for (int what = 0; what < 8; what++) {
		a = (struct imp_appraisal){ .token = now };
		switch (what) {
		case 0:
			a.token.life = IMP_LIFE_LOCKED;
			break;
		case 1:
			a.token.policy ^= 1;
			break;
		case 2:
			a.token.owner = IMP_SPAN(s.stranger.kid);
			break;
		case 3:
			a.token.owner_epoch++;
			break;
		case 4:
			a.token.domain[1].sequence++;
			break;
		case 5:
			a.token.domain[1].state = IMP_DOMAIN_WIPED;
			break;
		case 6:
			a.token.domain[1].id = IMP_SPAN(s.stranger.kid);
			break;
		default:
			a.token.used = 0;
			break;
		}
		cr_assert_eq(imp_chains_unchanged(&now, &a), -IMP_EVERIFY, "%d", what);
		cr_assert_str_eq(a.difference[0].what, "history");
	}
	scene_stop(&s);
}
