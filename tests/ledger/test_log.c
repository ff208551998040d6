/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints, proofs and witnesses. */
#include <string.h>

#include "cose/key.h"
#include "fill.h"
#include "ledger/check.h"

static struct fill_key key, other;
static struct imp_error err;

static void start(void)
{
	fill_key(&key);
	fill_key(&other);
}

static void stop(void)
{
	fill_key_stop(&key);
	fill_key_stop(&other);
}

/* A checkpoint of a ledger as it is now. */
static struct imp_checkpoint sign(struct imp_ledger *l, struct imp_secret *out)
{
	struct imp_checkpoint c;

	WORKS(imp_ledger_checkpoint(l, &key.signer, out, &err));
	WORKS(imp_checkpoint_parse(imp_secret_span(out), &c, &err));
	return c;
}

TEST_BOTH(checkpoint, its_key_is_set_once_and_it_is_made_once_a_size)
{
	CLEANUP(imp_secret_fini) struct imp_secret a = { 0 }, b = { 0 };
	struct imp_ledger *l = place_open(p, "line-1");
	struct imp_ledger_info i;
	struct imp_checkpoint c;
	struct imp_vkey vkey;

	start();
	vkey = fill_vkey(&key, "log.example/test", IMP_NOTE_ED25519);
	fill_entries(l, 5);
	c = sign(l, &a);
	cr_assert_eq(c.size, 7); /* with the name of the log and its key */
	WORKS(imp_checkpoint_check(key.crypto, &c, &vkey, &err));
	WORKS(imp_ledger_info(l, &i, &err));
	cr_assert_eq(i.size, 7);
	cr_assert(imp_hash_eq(&i.root, &c.root));
	c = sign(l, &b);
	cr_assert_eq(c.size, 7);
	cr_assert(imp_span_eq(imp_secret_span(&a), imp_secret_span(&b)));
	SAYS(imp_ledger_checkpoint(l, &other.signer, &b, &err), IMP_EKEY, "another key");
	WORKS(imp_ledger_info(l, &i, &err));
	cr_assert_eq(i.size, 7);
	imp_ledger_close(&l);
	stop();
}

TEST_BOTH(checkpoint, a_key_that_signs_objects_does_not_sign_the_log)
{
	CLEANUP(imp_secret_fini) struct imp_secret out = { 0 };
	struct imp_ledger *l = place_open(p, "line-1");
	uint8_t kid[32];
	struct imp_issued object = { .object = fill_id(1),
				     .ueid = { fill_id(9), 15 },
				     .issuer = kid,
				     .domain = 1,
				     .owner_epoch = 1,
				     .sequence = 1 };

	start();
	cr_assert_eq(imp_cose_kid(key.crypto, &key.key.pub, kid), 0);
	WORKS(imp_ledger_issue(l, &object, &err));
	SAYS(imp_ledger_checkpoint(l, &key.signer, &out, &err), IMP_EKEY,
	     "signs checkpoints and nothing else");
	WORKS(imp_ledger_checkpoint(l, &other.signer, &out, &err));
	cr_assert_eq(imp_cose_kid(other.crypto, &other.key.pub, kid), 0);
	object.object = fill_id(2);
	object.sequence = 2;
	SAYS(imp_ledger_issue(l, &object, &err), IMP_EPOLICY, "the key of the ledger");
	imp_ledger_close(&l);
	stop();
}

/* Each entry of trees of many sizes, to somebody who has only the key. */
TEST_BOTH(proof, every_entry_is_proven_and_nothing_else)
{
	CLEANUP(imp_secret_fini) struct imp_secret note = { 0 }, text = { 0 }, e = { 0 };
	struct imp_ledger *l = place_open(p, "line-1");
	struct imp_vkey vkey, wrong;
	struct imp_record r;
	struct imp_proof proof;

	start();
	vkey = fill_vkey(&key, "log.example/test", IMP_NOTE_ED25519);
	wrong = fill_vkey(&other, "log.example/test", IMP_NOTE_ED25519);
	SAYS(imp_ledger_prove(l, 0, &text, &err), IMP_EPOLICY,
	     "the last checkpoint has 0");
	for (uint64_t size = 2; size < 20; size++) {
		cr_assert_eq(sign(l, &note).size, size);
		for (uint64_t i = 0; i < size; i++) {
			WORKS(imp_ledger_prove(l, i, &text, &err));
			WORKS(imp_proof_parse(imp_secret_span(&text), &proof, &err));
			WORKS(imp_proof_check(key.crypto, &proof, &vkey, &e, &r, &err));
			cr_assert_eq(r.type, i == 0   ? IMP_LEAF_LEDGER
					     : i == 1 ? IMP_LEAF_KEY
						      : IMP_LEAF_REVOKE);
			SAYS(imp_proof_check(key.crypto, &proof, &wrong, &e, &r, &err),
			     IMP_EVERIFY, "is not signed by");
			proof.index = (i + 1) % (size + 1);
			SAYS(imp_proof_check(key.crypto, &proof, &vkey, &e, &r, &err),
			     IMP_EVERIFY, "is not in the tree");
		}
		fill_entries(l, 1);
	}
	SAYS(imp_ledger_prove(l, 20, &text, &err), IMP_EUSAGE, "there is no entry 20");
	SAYS(imp_ledger_prove(l, 19, &text, &err), IMP_EPOLICY, "at least 20 are needed");
	imp_ledger_close(&l);
	stop();
}

/* Every bit of a proof counts: what it says of the entry, of its place, of the tree. */
TEST_BOTH(proof, every_bit_counts)
{
	CLEANUP(imp_secret_fini) struct imp_secret note = { 0 }, text = { 0 }, e = { 0 };
	struct imp_ledger *l = place_open(p, "line-1");
	struct imp_vkey vkey;
	struct imp_record r;
	struct imp_proof proof;

	start();
	vkey = fill_vkey(&key, "log.example/test", IMP_NOTE_ED25519);
	fill_entries(l, 4);
	sign(l, &note);
	WORKS(imp_ledger_prove(l, 3, &text, &err));
	for (size_t bit = 0; bit < 8 * text.len; bit++) {
		text.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
		cr_assert(
			imp_proof_parse(imp_secret_span(&text), &proof, NULL) ||
				imp_proof_check(key.crypto, &proof, &vkey, &e, &r, NULL),
			"bit %zu", bit);
		text.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	imp_ledger_close(&l);
	stop();
}

/* LED-08, LED-09, LED-10: what a witness signs, and what it does not. */
TEST_BOTH(witness, it_signs_what_grows_and_nothing_else)
{
	CLEANUP(imp_secret_fini) struct imp_secret old = { 0 }, text = { 0 }, now = { 0 };
	struct imp_ledger *l = place_open(p, "line-1");
	struct imp_vkey vkey, wrong;
	struct imp_checkpoint seen, forged;
	struct imp_growth g;

	start();
	vkey = fill_vkey(&key, "log.example/test", IMP_NOTE_ED25519);
	wrong = fill_vkey(&other, "log.example/test", IMP_NOTE_ED25519);
	SAYS(imp_ledger_grow(l, 0, &text, &err), IMP_EPOLICY, "has 0 entries");
	fill_entries(l, 3);
	seen = sign(l, &old);
	WORKS(imp_ledger_grow(l, 0, &text, &err));
	WORKS(imp_growth_parse(imp_secret_span(&text), &g, &err));
	WORKS(imp_growth_check(key.crypto, &g, &vkey, NULL, &err));
	SAYS(imp_growth_check(key.crypto, &g, &wrong, NULL, &err), IMP_EVERIFY,
	     "is not signed");
	fill_entries(l, 6);
	sign(l, &now);
	WORKS(imp_ledger_grow(l, seen.size, &text, &err));
	WORKS(imp_growth_parse(imp_secret_span(&text), &g, &err));
	WORKS(imp_growth_check(key.crypto, &g, &vkey, &seen, &err));
	SAYS(imp_growth_check(key.crypto, &g, &vkey, NULL, &err), IMP_EPOLICY,
	     "goes on from 5 entries, expected 0");
	forged = seen;
	forged.root.byte[7] ^= 1;
	SAYS(imp_growth_check(key.crypto, &g, &vkey, &forged, &err), IMP_EVERIFY,
	     "two histories");
	WORKS(imp_ledger_grow(l, 11, &text, &err));
	WORKS(imp_growth_parse(imp_secret_span(&text), &g, &err));
	forged = g.checkpoint;
	forged.root.byte[0] ^= 1;
	WORKS(imp_growth_check(key.crypto, &g, &vkey, &g.checkpoint, &err));
	SAYS(imp_growth_check(key.crypto, &g, &vkey, &forged, &err), IMP_EVERIFY,
	     "two histories");
	g.checkpoint = seen; /* older than what was signed */
	forged = seen;
	forged.size = 11;
	SAYS(imp_growth_check(key.crypto, &g, &vkey, &forged, &err), IMP_EPOLICY,
	     "fewer than the 11");
	SAYS(imp_ledger_grow(l, 12, &text, &err), IMP_EPOLICY, "has 11 entries");
	imp_ledger_close(&l);
	stop();
}

TEST_BOTH(witness, its_signatures_are_kept_under_the_checkpoint)
{
	CLEANUP(imp_secret_fini)
	struct imp_secret note = { 0 }, kept = { 0 }, bad = { 0 };
	struct imp_ledger *l = place_open(p, "line-1");
	struct imp_vkey witness, stranger;
	struct imp_checkpoint c;
	size_t added = 9;
	uint64_t time = 0;

	start();
	witness = fill_vkey(&other, "witness.example", IMP_NOTE_COSIGNED);
	stranger = fill_vkey(&key, "stranger.example", IMP_NOTE_COSIGNED);
	fill_entries(l, 3);
	c = sign(l, &note);
	WORKS(imp_ledger_cosigned(l, imp_secret_span(&note), &witness, 1, &added, &err));
	cr_assert_eq(added, 0);
	WORKS(imp_secret_set(&bad, imp_secret_span(&note), &err));
	fill_sign(&key, &witness, c.note.text, &bad); /* by another key than it says */
	SAYS(imp_ledger_cosigned(l, imp_secret_span(&bad), &witness, 1, &added, &err),
	     IMP_EVERIFY, "the signature by witness.example");
	fill_sign(&other, &witness, c.note.text, &note);
	WORKS(imp_checkpoint_parse(imp_secret_span(&note), &c, &err));
	fill_sign(&key, &stranger, c.note.text, &note);
	WORKS(imp_ledger_cosigned(l, imp_secret_span(&note), &witness, 1, &added, &err));
	cr_assert_eq(added, 1);
	c = sign(l, &kept);
	cr_assert_eq(imp_note_verify(key.crypto, &c.note, &witness, &time, &err), 1);
	cr_assert_eq(time, 1700000000);
	cr_assert_eq(imp_note_verify(key.crypto, &c.note, &stranger, NULL, &err), 0);
	fill_entries(l, 1);
	WORKS(imp_ledger_cosigned(l, imp_secret_span(&note), &witness, 1, &added, &err));
	imp_ledger_close(&l);
	stop();
}

TEST_BOTH(witness, a_checkpoint_of_another_ledger_is_refused)
{
	CLEANUP(imp_secret_fini) struct imp_secret note = { 0 };
	struct imp_ledger *l = place_open(p, "line-1");
	struct imp_vkey self, witness;
	struct imp_hash root = { { 1 } };
	uint8_t text[IMP_CHECKPOINT_TEXT];
	struct imp_writer w = imp_writer(text, sizeof(text));
	size_t added;

	start();
	self = fill_vkey(&key, "log.example/test", IMP_NOTE_ED25519);
	witness = fill_vkey(&other, "witness.example", IMP_NOTE_COSIGNED);
	fill_entries(l, 3);
	sign(l, &note);
	imp_checkpoint_put(&w, imp_span_str(self.name), 5, &root);
	WORKS(imp_secret_set(&note, imp_written(&w), &err));
	WORKS(imp_secret_append(&note, IMP_TEXT("\n"), &err));
	fill_sign(&key, &self, imp_written(&w), &note);
	SAYS(imp_ledger_cosigned(l, imp_secret_span(&note), &witness, 1, &added, &err),
	     IMP_EVERIFY, "does not have");
	imp_ledger_close(&l);
	stop();
}
