/* SPDX-License-Identifier: Apache-2.0 */
/* What ledgers of tests hold. */
#include <string.h>

#include "fill.h"

const uint8_t *fill_id(uint8_t byte)
{
	static uint8_t id[256][32];

	memset(id[byte], byte, 32);
	return id[byte];
}

void fill_entries(struct imp_ledger *l, unsigned n)
{
	struct imp_error err = { 0 };

	for (unsigned i = 0; i < n; i++)
		WORKS(imp_ledger_revoke(l, fill_id(0xee), i + 1,
					(struct imp_span){ fill_id((uint8_t)i), 32 },
					"a test", &err));
}

void fill_key(struct fill_key *k)
{
	struct imp_error err = { 0 };

	memset(k, 0, sizeof(*k));
	WORKS(imp_crypto_new(&k->crypto, &err));
	WORKS(imp_key_generate(k->crypto, IMP_CRV_ED25519, IMP_CLASS_TEST, &k->key,
			       &err));
	WORKS(imp_key_signer(k->crypto, &k->key, IMP_ALG_EDDSA, &k->signer, &err));
}

void fill_key_stop(struct fill_key *k)
{
	imp_key_fini(&k->key);
	imp_crypto_free(&k->crypto);
}

struct imp_vkey fill_vkey(const struct fill_key *k, const char *name,
			  enum imp_note_type type)
{
	struct imp_error err = { 0 };
	struct imp_vkey out;

	WORKS(imp_vkey_make(k->crypto, imp_span_str(name), type, &k->key.pub, &out,
			    &err));
	return out;
}

void fill_sign(const struct fill_key *k, const struct imp_vkey *self,
	       struct imp_span text, struct imp_secret *note)
{
	uint8_t line[IMP_NOTE_LINE];
	struct imp_writer w = imp_writer(line, sizeof(line));
	struct imp_error err = { 0 };

	WORKS(imp_note_sign(&k->signer, self, 1700000000, text, &w, &err));
	WORKS(imp_secret_append(note, imp_written(&w), &err));
}
