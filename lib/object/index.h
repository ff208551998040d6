/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Index: which item of a batch file is whose (host only).
 *
 * The file is gone through once; afterwards items are read where they stand, by any
 * thread. Memory: 28 to 40 bytes an item. Source: imprint-formats(7), batch files.
 */
#ifndef IMP_OBJECT_INDEX_H
#define IMP_OBJECT_INDEX_H

#include "base/seen.h"
#include "object/batch.h"

struct imp_index {
	char *name; /* of the file, for messages; owned; NULL: nothing is open */
	int fd;	    /* owned */
	struct imp_index_place {
		uint64_t at;	   /* where the item starts */
		uint32_t previous; /* the item before it of the same key, or NOWHERE */
	} * place;		   /* in the order of the file; owned */
	size_t count, cap;
	size_t keys; /* different ones */
	struct imp_seen seen;
};

/*
 * Whose is this item?
 *
 *   key   borrowed from item, or empty: nobody's, found by its number alone
 *
 * 0, or a negative code with the item's mistake.
 */
typedef int imp_index_key(void *ctx, struct imp_span item, struct imp_span *key,
			  struct imp_error *err);

/*
 * Open a batch file, or a lone object; "-" is standard input. While it is open, key_of
 * may use what is in the index already.
 *
 * 0; -IMP_EUSAGE, -IMP_ERESOURCE; -IMP_EFORMAT and what key_of returns (the message names
 * file and index).
 */
int imp_index_open(struct imp_index *x, const char *path, enum imp_batch_kind kind,
		   imp_index_key *key_of, void *ctx, struct imp_error *err)
	IMP_MUST_CHECK;
/* The last item of a key, or IMP_SEEN_NOWHERE; from there on by place[].previous. */
uint32_t imp_index_find(const struct imp_index *x, struct imp_span key);
/*
 * The bytes of the i-th item.
 *
 *   out   replaced; imp_secret_fini()
 *
 * 0, -IMP_EFORMAT (the file changed), -IMP_EUSAGE, -IMP_ERESOURCE.
 */
int imp_index_read(const struct imp_index *x, size_t i, struct imp_secret *out,
		   struct imp_error *err) IMP_MUST_CHECK;
/* Accepts a zeroed struct. Fits CLEANUP(). */
void imp_index_close(struct imp_index *x);

#endif
