/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cards: the devices of a .cards file (host only).
 *
 * The file is gone through once, strictly, to learn which card stands where and whether
 * two of them disagree; a card is verified when it is asked for. Memory: 56 to 80 bytes a
 * card. Source: imprint-formats(7), card, batch files; imprint-security(7), whose key is
 * it.
 */
#ifndef IMP_EVIDENCE_CARDS_H
#define IMP_EVIDENCE_CARDS_H

#include "base/seen.h"
#include "evidence/known.h"

enum { IMP_FACTORIES_MAX = 16 };

struct imp_cards {
	char *name;   /* of the file, for messages; owned; NULL: no file, no cards */
	int fd;	      /* owned */
	uint64_t *at; /* where each card starts, in the order of the file; owned */
	size_t count, cap;
	size_t devices; /* different ones: a card may replace an earlier one */
	struct imp_seen ueid, signing, sealing;
	struct imp_pub factory[IMP_FACTORIES_MAX];
	struct imp_factories factories;
};

/*
 * Open a .cards file; "-" is standard input.
 *
 *   factories   at most IMP_FACTORIES_MAX; copied
 *
 * 0; -IMP_EUSAGE, -IMP_ERESOURCE; -IMP_EFORMAT (names file and index); -IMP_EPOLICY: two
 * cards of one device disagree, or one key is in the cards of two devices.
 */
int imp_cards_open(struct imp_cards *c, const char *path,
		   const struct imp_factories *factories, struct imp_error *err)
	IMP_MUST_CHECK;
/*
 * The card of a device, verified. Threads may ask at once.
 *
 *   out   owned by the caller, imp_known_fini()
 *
 * 1; 0 where there is none; the errors of imp_known_check(), which name the file and the
 * index.
 */
int imp_cards_find(const struct imp_cards *c, struct imp_crypto *crypto,
		   struct imp_span ueid, struct imp_known *out, struct imp_error *err)
	IMP_MUST_CHECK;
/*
 * The i-th card of the file as it stands there, not verified.
 *
 *   bytes   replaced; imp_secret_fini()
 *   card    borrowed from bytes; NULL: not wanted
 *   latest  false: a later card of the same device has replaced it; may be NULL
 *
 * 0, -IMP_EFORMAT (the file changed), -IMP_ERESOURCE.
 */
int imp_cards_read(const struct imp_cards *c, size_t i, struct imp_secret *bytes,
		   struct imp_card *card, bool *latest, struct imp_error *err)
	IMP_MUST_CHECK;
/* Would a card contradict the file? 0, or -IMP_EPOLICY as imp_cards_open(). */
int imp_cards_contradict(const struct imp_cards *c, const struct imp_card *card,
			 struct imp_error *err) IMP_MUST_CHECK;
/* Accepts a zeroed struct. Fits CLEANUP(). */
void imp_cards_close(struct imp_cards *c);

#endif
