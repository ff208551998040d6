/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cards: the devices of a .cards file (host only).
 *
 * The file is gone through once, strictly, to learn which card stands where and whether
 * two of them disagree; a card is verified when it is asked for. A later card of a device
 * replaces an earlier one with the same keys. Two that disagree on a device or a key
 * quarantine each other, unless a factory key that the user named vouches for one of
 * them. Source: imprint-formats(7), card; imprint-security(7), whose key is it.
 */
#ifndef IMP_EVIDENCE_CARDS_H
#define IMP_EVIDENCE_CARDS_H

#include "evidence/known.h"
#include "object/index.h"

enum { IMP_FACTORIES_MAX = 16 };

/* Cards that are kept elsewhere. 1, 0 or a negative code, as imp_cards_find(). */
typedef int imp_cards_ask(void *ctx, struct imp_crypto *crypto,
			  const struct imp_factories *factories, struct imp_span ueid,
			  struct imp_known *out, struct imp_error *err);

struct imp_cards {
	imp_cards_ask *ask; /* NULL: there is a file */
	void *ctx;
	struct imp_index index; /* by ueid */
	struct imp_seen signing, sealing;
	struct imp_seen quarantined; /* ueids that a card contradicts */
	struct imp_pub factory[IMP_FACTORIES_MAX];
	struct imp_factories factories;
};

/*
 * Open a .cards file; "-" is standard input.
 *
 *   factories   at most IMP_FACTORIES_MAX; copied
 *
 * 0; the errors of imp_index_open().
 */
int imp_cards_open(struct imp_cards *c, const char *path,
		   const struct imp_factories *factories, struct imp_error *err)
	IMP_MUST_CHECK;
/* Likewise of cards that are kept elsewhere: nothing is read before one is asked for, and
 * there is no file to go through. */
void imp_cards_from(struct imp_cards *c, imp_cards_ask *ask, void *ctx,
		    const struct imp_factories *factories);
/*
 * The card of a device, verified. Threads may ask at once.
 *
 *   out   owned by the caller, imp_known_fini()
 *
 * 1; 0 where there is none; -IMP_EPOLICY: it is quarantined; the errors of
 * imp_known_check(), which name the file.
 */
int imp_cards_find(const struct imp_cards *c, struct imp_crypto *crypto,
		   struct imp_span ueid, struct imp_known *out, struct imp_error *err)
	IMP_MUST_CHECK;
/*
 * The i-th card of the file, not verified.
 *
 *   bytes   replaced; imp_secret_fini()
 *   card    borrowed from bytes
 *
 * 0, or the errors of imp_index_read().
 */
int imp_cards_read(const struct imp_cards *c, size_t i, struct imp_secret *bytes,
		   struct imp_card *card, struct imp_error *err) IMP_MUST_CHECK;
/* Is there no later card of the same device? */
bool imp_cards_is_latest(const struct imp_cards *c, size_t i, struct imp_span ueid);
/*
 * Would a card contradict the file?
 *
 *   endorsed   set: by a card that a named factory key vouches for; may be NULL
 *
 * 0; -IMP_EPOLICY (says how); other negative codes.
 */
int imp_cards_contradict(const struct imp_cards *c, struct imp_crypto *crypto,
			 const struct imp_card *card, bool *endorsed,
			 struct imp_error *err) IMP_MUST_CHECK;
/* How many devices of the file have this serial. A negative code where it cannot be read.
 */
int imp_cards_count_serial(const struct imp_cards *c, struct imp_span serial,
			   struct imp_error *err) IMP_MUST_CHECK;
/* Accepts a zeroed struct. Fits CLEANUP(). */
void imp_cards_close(struct imp_cards *c);

/* Decode a signed card without verifying it; borrowed. 0, -IMP_EFORMAT. */
int imp_card_open(struct imp_span signed_card, struct imp_card *card,
		  struct imp_error *err) IMP_MUST_CHECK;
/* Two cards of one device, or of two: do they contradict each other? 0, -IMP_EPOLICY. */
int imp_card_compare(const struct imp_card *old, const struct imp_card *card,
		     struct imp_error *err) IMP_MUST_CHECK;

#endif
