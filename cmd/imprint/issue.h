/* SPDX-License-Identifier: Apache-2.0 */
/* Issuing: signing profiles and sealing packages, one at a time; what sign, encrypt and
 * pack share. */
#ifndef IMPRINT_ISSUE_H
#define IMPRINT_ISSUE_H

#include "args.h"
#include "base/file.h"
#include "evidence/known.h"
#include "keyarg.h"
#include "object/batch.h"

/* --cards, --factory, --accept-asserted */
struct seal_args {
	const char *cards;
	struct path_list factories;
	bool accept_asserted;
};
extern const struct argp seal_argp;

/* Whom packages are sealed to. */
struct sealer {
	struct imp_crypto *crypto;
	struct imp_known_list known;
	bool accept_asserted; /* for all, by option or by a test-class signing key */
	uint64_t asserted;    /* packages that were sealed to asserted keys */
	uint8_t buf[IMP_CBOR_MAX];
};

/* Read the cards. 0, or the errors of imp_known_read(). */
int sealer_open(struct sealer *s, struct imp_crypto *crypto, const struct seal_args *a,
		struct imp_error *err);
void sealer_close(struct sealer *s);

/* Sign one profile (a payload) into buf: one(profile). 0, -IMP_EFORMAT, ... */
int sign_profile(struct imp_crypto *crypto, const struct imp_signer *signer,
		 struct imp_span profile, struct imp_writer *w, struct imp_error *err);
/* Seal one signed profile to its device; the package is borrowed until the next call. */
int seal_profile(struct sealer *s, struct imp_span object, struct imp_span *package,
		 struct imp_error *err);

/* Say on standard error how many packages went to asserted keys. */
void report_asserted(const struct sealer *s);

/* A batch in, a batch out, item by item; nothing appears unless all went well. */
struct filter {
	enum imp_batch_kind in, out;
	unsigned flags; /* IMP_OUT_PRIVATE where the output holds secrets */
	/* Make one item of another; *made is borrowed until the next call. */
	int (*each)(void *ctx, struct imp_span item, struct imp_span *made,
		    struct imp_error *err);
	void *ctx;
};
int run_filter(const struct filter *f, const char *in, const struct out_args *out,
	       struct imp_error *err);

/* Public keys of --factory and the like. out has room for as many as the list has. */
int pubs_read(struct imp_crypto *crypto, const struct path_list *l, struct imp_pub *out,
	      struct imp_error *err);
/* Write a batch head. */
int put_head(struct imp_out *out, uint64_t count, enum imp_batch_kind kind,
	     struct imp_error *err);

#endif
