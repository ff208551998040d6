/* SPDX-License-Identifier: Apache-2.0 */
/* Cards and evidence as a verifier sees them: every bit counts. */
#include <criterion/criterion.h>
#include <string.h>

#include "board.h"
#include "evidence/appraise.h"
#include "wire/message.h"

static struct imp_crypto *crypto;
static struct board dev;
static const struct imp_factories nobody;

static struct imp_span ask(uint8_t id, const uint8_t nonce[32], uint8_t *out, size_t cap)
{
	uint8_t buf[64];
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	const struct imp_request q = { .nonce = { nonce, 32 } };
	struct imp_response r;
	struct imp_span got;

	imp_request_encode(&q, &w);
	cr_assert_eq(imp_response_decode(board_ask(&dev, IMP_GROUP_IMPRINT, id,
						   IMP_SMP_WRITE, imp_written(&w)),
					 &r, NULL),
		     0);
	got = id == IMP_ENROLL ? r.card : r.evidence;
	cr_assert(got.len > 0 && got.len <= cap);
	memcpy(out, got.ptr, got.len);
	return (struct imp_span){ out, got.len };
}

static void start(void)
{
	cr_assert_eq(imp_crypto_new(&crypto, NULL), 0);
	board_init(&dev, crypto, 1, false);
	cr_assert_eq(board_boot(&dev), 0);
}

/* BITFLIP: card */
Test(known, every_bit_of_a_card_counts)
{
	uint8_t buf[2048], nonce[32] = { 1 }, other[32] = { 2 };
	struct imp_known k = { 0 };
	struct imp_span card;

	start();
	card = ask(IMP_ENROLL, nonce, buf, sizeof(buf));
	cr_assert_eq(imp_known_check(crypto, card, other, &nobody, &k, NULL),
		     -IMP_EVERIFY);
	cr_assert_eq(imp_known_check(crypto, card, nonce, &nobody, &k, NULL), 0);
	cr_assert_eq(k.assurance, IMP_ASSERTED);
	imp_known_fini(&k);
	for (size_t bit = 0; bit < 8 * card.len; bit++) {
		buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_assert_neq(imp_known_check(crypto, card, NULL, &nobody, &k, NULL), 0,
			      "bit %zu", bit);
		buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t len = 0; len < card.len; len++)
		cr_assert_neq(imp_known_check(crypto, (struct imp_span){ buf, len }, NULL,
					      &nobody, &k, NULL),
			      0);
	imp_crypto_free(&crypto);
}

/* BITFLIP: evidence */
Test(known, every_bit_of_evidence_counts)
{
	uint8_t card_buf[2048], buf[2048], nonce[32] = { 1 };
	struct imp_known k = { 0 };
	static struct imp_appraisal a;
	struct imp_expected x = { .known = &k, .nonce = nonce, .unowned = true };
	struct imp_span evidence;

	start();
	cr_assert_eq(imp_known_check(crypto,
				     ask(IMP_ENROLL, nonce, card_buf, sizeof(card_buf)),
				     nonce, &nobody, &k, NULL),
		     0);
	evidence = ask(IMP_ATTEST, nonce, buf, sizeof(buf));
	cr_assert_eq(imp_appraise(crypto, evidence, &x, &a), 0);
	for (size_t bit = 0; bit < 8 * evidence.len; bit++) {
		buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_assert_neq(imp_appraise(crypto, evidence, &x, &a), 0, "bit %zu", bit);
		buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	imp_known_fini(&k);
	imp_crypto_free(&crypto);
}
