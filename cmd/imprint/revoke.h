/* SPDX-License-Identifier: Apache-2.0 */
/* What is revoked, as it is typed. */
#ifndef IMPRINT_REVOKE_H
#define IMPRINT_REVOKE_H

#include "issue/revoked.h"

enum { REVOKE_WORDS = 256 };

struct revoke_words {
	struct revoke_word {
		enum imp_revoked_set set;
		const char *text;
	} word[REVOKE_WORDS];
	size_t count;
};

/*
 * Add what options say: 64 hex digits, an imei or a ueid, or a file that is looked into.
 *
 * 0; -IMP_EUSAGE; the errors of imp_key_open_public() and imp_batch_open_any().
 */
int revoke_words(struct imp_revoked *r, struct imp_crypto *crypto,
		 const struct revoke_words *w, struct imp_error *err);
/* Add what the rows of a CSV say in columns kid, object, imei and ueid. 0, -IMP_EFORMAT,
 * or the errors of imp_csv_open(). */
int revoke_csv(struct imp_revoked *r, const char *path, struct imp_error *err);

#endif
