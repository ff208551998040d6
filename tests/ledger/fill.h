/* SPDX-License-Identifier: Apache-2.0 */
/* What ledgers of tests hold. */
#ifndef IMPRINT_TEST_FILL_H
#define IMPRINT_TEST_FILL_H

#include "crypto/key.h"
#include "ledger/journal.h"
#include "ledger/log.h"
#include "place.h"

/* 32 bytes, all the same. */
const uint8_t *fill_id(uint8_t byte);
/* Add n entries of no consequence. */
void fill_entries(struct imp_ledger *l, unsigned n);

/* A key on Ed25519. */
struct fill_key {
	struct imp_crypto *crypto;
	struct imp_key key;
	struct imp_signer signer;
};

void fill_key(struct fill_key *k);
void fill_key_stop(struct fill_key *k);
/* Its verifier key. */
struct imp_vkey fill_vkey(const struct fill_key *k, const char *name,
			  enum imp_note_type type);
/* A line by it under a note. */
void fill_sign(const struct fill_key *k, const struct imp_vkey *self,
	       struct imp_span text, struct imp_secret *note);
#endif
