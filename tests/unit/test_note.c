/* SPDX-License-Identifier: Apache-2.0 */
/* Signed notes, verifier keys, checkpoints and proofs as text, held against what other
 * implementations have published. */
#include <criterion/criterion.h>
#include <string.h>

#include "crypto/host.h"
#include "ledger/check.h"

static struct imp_crypto *crypto;
static struct imp_error err;

/* Source: C2SP signed-note, the example; tlog-checkpoint and cosignatures of a staging
 * Certificate Transparency log with its witnesses. See tests/vectors/README.md. */
static const char example_key[] =
	"example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
static const char example[] =
	"This is an example message.\n\n"
	"— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYj"
	"OBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
static const char log_key[] =
	"arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/"
	"PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f";
static const char witness_key[] =
	"remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
static const char published[] =
	"arche2025h1.staging.ct.transparency.dev\n"
	"1432088532\n"
	"U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n"
	"\n"
	"— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLf"
	"QFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=\n"
	"— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27l"
	"efwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=\n"
	"— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+a"
	"VCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==\n";

static void start(void)
{
	if (!crypto)
		cr_assert_eq(imp_crypto_new(&crypto, NULL), 0);
}

static void stop(void)
{
	imp_crypto_free(&crypto);
}

TestSuite(note, .init = start, .fini = stop);
TestSuite(checkpoint, .init = start, .fini = stop);

static struct imp_vkey vkey(const char *text)
{
	struct imp_vkey k;

	cr_assert_eq(imp_vkey_parse(crypto, imp_span_str(text), &k, &err), 0, "%s",
		     err.msg);
	return k;
}

static int verify(const char *note, const struct imp_vkey *k, uint64_t *time)
{
	struct imp_note n;

	cr_assert_eq(imp_note_parse(imp_span_str(note), &n, &err), 0, "%s", err.msg);
	return imp_note_verify(crypto, &n, k, time, &err);
}

Test(note, what_others_published_verifies)
{
	struct imp_vkey k = vkey(example_key);
	uint64_t time = 0;

	cr_expect_eq(verify(example, &k, NULL), 1);
	k = vkey(log_key);
	cr_expect_eq(verify(published, &k, NULL), 1);
	cr_expect_eq(verify(example, &k, NULL), 0);
	k = vkey(witness_key);
	cr_expect_eq(verify(published, &k, &time), 1);
	cr_expect_eq(time, 0x6a122120);
}

Test(note, a_key_is_written_as_it_was_read)
{
	static const char *const keys[] = { example_key, log_key, witness_key };

	for (size_t i = 0; i < COUNTOF(keys); i++) {
		uint8_t out[IMP_VKEY_TEXT];
		struct imp_writer w = imp_writer(out, sizeof(out));
		struct imp_vkey k = vkey(keys[i]);

		imp_vkey_put(&w, &k);
		cr_expect(imp_span_eq(imp_written(&w), imp_span_str(keys[i])));
	}
}

/* Every byte counts: one that is another, or one that is missing. */
Test(note, no_other_text_is_that_key)
{
	char text[128];
	struct imp_vkey k;

	for (size_t i = 0; i < strlen(example_key); i++) {
		strcpy(text, example_key);
		text[i]++;
		cr_expect_neq(imp_vkey_parse(crypto, imp_span_str(text), &k, NULL), 0,
			      "%s", text);
		memmove(text + i, text + i + 1, strlen(text + i));
		cr_expect_neq(imp_vkey_parse(crypto, imp_span_str(text), &k, NULL), 0,
			      "%s", text);
	}
	cr_expect_eq(imp_vkey_parse(crypto, IMP_TEXT(""), &k, NULL), -IMP_EKEY);
}

/* A type that we do not have, under an id that is right. */
Test(note, keys_of_other_types_are_named)
{
	struct imp_vkey k;

	cr_expect_eq(imp_vkey_parse(
			     crypto,
			     IMP_TEXT("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsV"
				      "kmqq/LDE4izWy10TW"),
			     &k, &err),
		     -IMP_EKEY);
	cr_expect(strstr(err.msg, "type 101"), "%s", err.msg);
}

static char changed[2048];

/* Every bit of what is signed, and of the signatures by keys that are asked about. */
Test(note, every_bit_counts)
{
	struct imp_vkey k = vkey(log_key), w = vkey(witness_key);
	size_t len = strlen(published), others = 0;
	const char *first = strstr(published, "— "), *second = strstr(first + 1, "— ");

	memcpy(changed, published, len + 1);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		struct imp_note n;
		bool taken;

		changed[bit / 8] = (char)(changed[bit / 8] ^ 1 << bit % 8);
		taken = !imp_note_parse((struct imp_span){ (uint8_t *)changed, len }, &n,
					NULL) &&
			imp_note_verify(crypto, &n, &k, NULL, NULL) == 1 &&
			imp_note_verify(crypto, &n, &w, NULL, NULL) == 1;
		changed[bit / 8] = (char)(changed[bit / 8] ^ 1 << bit % 8);
		if (taken) { /* the line by a key that nobody asks about */
			cr_expect(published + bit / 8 >= first &&
				  published + bit / 8 < second);
			others++;
		}
	}
	cr_expect_gt(others, 0);
	for (size_t cut = 0; cut < len; cut++) {
		struct imp_note n;

		cr_expect(imp_note_parse(
				  (struct imp_span){ (const uint8_t *)published, cut },
				  &n, NULL) ||
			  imp_note_verify(crypto, &n, &k, NULL, NULL) != 1 ||
			  imp_note_verify(crypto, &n, &w, NULL, NULL) != 1);
	}
}

Test(note, the_name_of_a_log)
{
	static const char *const good[] = { "a", "example.com/log",
					    "imprint.invalid/0123", "f\xc3\xa9" };
	static const char *const bad[] = {
		"", "a b", "a+b", "a\tb", "a\xc2\xa0z", "a\xe2\x80\xa8", "\xff", "a\x7f"
	};
	char text[IMP_NOTE_NAME + 2];

	for (size_t i = 0; i < COUNTOF(good); i++)
		cr_expect(imp_note_name(imp_span_str(good[i])), "%s", good[i]);
	for (size_t i = 0; i < COUNTOF(bad); i++)
		cr_expect_not(imp_note_name(imp_span_str(bad[i])), "%s", bad[i]);
	memset(text, 'a', sizeof(text));
	cr_expect(imp_note_name((struct imp_span){ (uint8_t *)text, IMP_NOTE_NAME }));
	cr_expect_not(
		imp_note_name((struct imp_span){ (uint8_t *)text, IMP_NOTE_NAME + 1 }));
}

Test(checkpoint, one_that_was_published)
{
	struct imp_vkey k = vkey(log_key), w = vkey(witness_key);
	uint8_t out[IMP_CHECKPOINT_TEXT];
	struct imp_writer text = imp_writer(out, sizeof(out));
	struct imp_checkpoint c;

	cr_assert_eq(imp_checkpoint_parse(imp_span_str(published), &c, &err), 0, "%s",
		     err.msg);
	cr_expect_eq(c.size, 1432088532);
	cr_expect_eq(imp_checkpoint_check(crypto, &c, &k, &err), 0, "%s", err.msg);
	cr_expect_eq(imp_checkpoint_check(crypto, &c, &w, &err), -IMP_EVERIFY);
	imp_checkpoint_put(&text, c.origin, c.size, &c.root);
	cr_expect(imp_span_eq(imp_written(&text), c.note.text));
}

#define ROOT "U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n"
#define LINE "\n— a AAAAAAA=\n"

Test(checkpoint, what_is_none)
{
	static const char *const bad[] = {
		"a\n01\n" ROOT LINE,
		"a\n-1\n" ROOT LINE,
		"a\n\n" ROOT LINE,
		"a\n1 \n" ROOT LINE,
		"a\n4611686018427387904\n" ROOT LINE,
		"a\n99999999999999999999\n" ROOT LINE,
		"\n1\n" ROOT LINE,
		"a\n1\nAAAA\n" LINE,
		"a\n1\n" LINE,
		"a\n1\n" ROOT,
		"a\n1\n" ROOT "\n",
		"a\n1\n" ROOT "\n- a AAAAAAA=\n",
		"a\n1\n" ROOT "\n— a AAAA\n",
		"a\n1\n" ROOT "\n— a b AAAAAAA=\n",
		"a\n1\n" ROOT "\n— a AAAAAAA=",
		"a\n1\n" ROOT "\n— a+b AAAAAAA=\n",
		"a\r\n1\r\n" ROOT LINE,
	};
	struct imp_checkpoint c;

	cr_expect_eq(imp_checkpoint_parse(IMP_TEXT("a\n1\n" ROOT LINE), &c, &err), 0,
		     "%s", err.msg);
	cr_expect_eq(
		imp_checkpoint_parse(IMP_TEXT("a\n0\n" ROOT "more\n" LINE), &c, &err), 0,
		"%s", err.msg);
	for (size_t i = 0; i < COUNTOF(bad); i++)
		cr_expect_eq(imp_checkpoint_parse(imp_span_str(bad[i]), &c, NULL),
			     -IMP_EFORMAT, "%zu", i);
}

Test(checkpoint, proofs_that_are_none)
{
	static const char *const bad[] = {
		"",
		"c2sp.org/tlog-proof@v2\nindex 0\n\na\n1\n" ROOT LINE,
		"c2sp.org/tlog-proof@v1\nindex 00\n\na\n1\n" ROOT LINE,
		"c2sp.org/tlog-proof@v1\n\na\n1\n" ROOT LINE,
		"c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\na\n1\n" ROOT LINE,
		"c2sp.org/tlog-proof@v1\nindex 0\na\n1\n" ROOT LINE,
		"c2sp.org/tlog-proof@v1\nextra AAAA\n",
	};
	struct imp_growth g;
	struct imp_proof p;
	uint8_t many[64 + 45 * (IMP_TREE_PATH + 1) + 128];
	struct imp_writer w = imp_writer(many, sizeof(many));

	cr_expect_eq(
		imp_proof_parse(
			IMP_TEXT("c2sp.org/tlog-proof@v1\nindex 0\n\na\n1\n" ROOT LINE),
			&p, &err),
		0, "%s", err.msg);
	cr_expect_eq(imp_growth_parse(IMP_TEXT("old 0\n\na\n1\n" ROOT LINE), &g, &err), 0,
		     "%s", err.msg);
	for (size_t i = 0; i < COUNTOF(bad); i++)
		cr_expect_eq(imp_proof_parse(imp_span_str(bad[i]), &p, NULL),
			     -IMP_EFORMAT, "%zu", i);
	imp_put(&w, IMP_TEXT("old 1\n"));
	for (unsigned i = 0; i <= IMP_TREE_PATH; i++)
		imp_put(&w, IMP_TEXT(ROOT));
	imp_put(&w, IMP_TEXT("\na\n1\n" ROOT LINE));
	cr_expect_eq(imp_growth_parse(imp_written(&w), &g, &err), -IMP_EFORMAT);
	cr_expect(strstr(err.msg, "more than 63"), "%s", err.msg);
}

/* Every type's record, with every field that it may have, comes back as it was. */
Test(record, what_is_written_is_read)
{
	static const uint8_t id[33] = { 1 };
	const struct imp_span h = { id, 32 };
	uint8_t out[2048], again[2048];
	unsigned types = 0;

	for (unsigned type = 0; type < 256; type++) {
		struct imp_record r = { .type = (enum imp_leaf)type,
					.time = 1,
					.station = IMP_TEXT("s"),
					.tool = IMP_TEXT("t"),
					.name = IMP_TEXT("n"),
					.ueid = { id, 15 },
					.signing = h,
					.sealing = h,
					.reason = IMP_TEXT("r"),
					.object = h,
					.issuer = h,
					.sequence = 3,
					.item = h,
					.nonce = h,
					.key = { id, 33 },
					.bytes = IMP_TEXT("b"),
					.subject = h };
		struct imp_writer w = imp_writer(out, sizeof(out));
		struct imp_writer v = imp_writer(again, sizeof(again));
		struct imp_record back;

		if (imp_record_encode(&r, &w, NULL))
			continue;
		types++;
		cr_assert_eq(imp_record_decode(r.type, imp_written(&w), &back, &err), 0,
			     "%u: %s", type, err.msg);
		cr_assert_eq(imp_record_encode(&back, &v, NULL), 0);
		cr_assert(imp_span_eq(imp_written(&w), imp_written(&v)), "%u", type);
		for (size_t cut = 0; cut < w.len; cut++)
			cr_assert_neq(imp_record_decode(r.type,
							(struct imp_span){ out, cut },
							&back, NULL),
				      0);
	}
	cr_assert_eq(types, 22);
}
