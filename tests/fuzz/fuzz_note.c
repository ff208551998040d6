/* SPDX-License-Identifier: Apache-2.0 */
/* Notes, checkpoints, proofs and verifier keys: what is read is written as it was. */
#include "crypto/host.h"
#include "fuzz.h"
#include "ledger/check.h"

static uint8_t buf[IMP_PROOF_MAX];

static void put_back(struct imp_span in, struct imp_writer *w,
		     const struct imp_checkpoint *c, struct imp_span rest)
{
	struct imp_span text = c->note.text;

	MUST(w->ok && w->len + rest.len == in.len);
	MUST(imp_span_eq(imp_written(w), (struct imp_span){ in.ptr, w->len }));
	*w = imp_writer(buf, sizeof(buf));
	imp_checkpoint_put(w, c->origin, c->size, &c->root);
	MUST(w->ok && w->len <= text.len); /* lines of others may follow */
	MUST(imp_span_eq(imp_written(w), (struct imp_span){ text.ptr, w->len }));
}

static void growth(struct imp_span in)
{
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	struct imp_growth g;

	if (imp_growth_parse(in, &g, NULL))
		return;
	imp_growth_put(&w, g.old, &g.path);
	put_back(in, &w, &g.checkpoint, g.checkpoint_text);
}

static void proof(struct imp_crypto *c, struct imp_span in, const struct imp_vkey *key)
{
	CLEANUP(imp_secret_fini) struct imp_secret entry = { 0 };
	struct imp_record record;
	struct imp_error err;
	struct imp_proof p;

	if (imp_proof_parse(in, &p, &err) == 0)
		MUST(imp_proof_check(c, &p, key, &entry, &record, &err) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char known[] =
		"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
	CLEANUP(imp_crypto_free) struct imp_crypto *c = NULL;
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	struct imp_span in = { data, size };
	struct imp_vkey key, other;
	struct imp_note note;
	struct imp_error err;

	MUST(imp_crypto_new(&c, &err) == 0);
	MUST(imp_vkey_parse(c, imp_span_str(known), &key, &err) == 0);
	if (imp_note_parse(in, &note, &err) == 0)
		MUST(imp_note_verify(c, &note, &key, NULL, &err) <= 1);
	if (imp_vkey_parse(c, in, &other, &err) == 0) {
		imp_vkey_put(&w, &other);
		MUST(w.ok && w.len <= size && w.len + 1 >= size);
	}
	growth(in);
	proof(c, in, &key);
	return 0;
}
