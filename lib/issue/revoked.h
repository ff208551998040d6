/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revoked: the list of what an owner has taken back, as hosts hold things against it
 * (host only).
 *
 * Looking something up takes time that grows with the logarithm of the list. Threads may
 * share a list that was read. Source: imprint-formats(7), revocation; imprint-revoke(1).
 */
#ifndef IMP_ISSUE_REVOKED_H
#define IMP_ISSUE_REVOKED_H

#include "base/file.h"
#include "evidence/known.h"
#include "issue/approve.h"
#include "issue/grants.h"
#include "object/revocation.h"
#include "object/transfer.h"

enum { IMP_REVOKED_MAX = 1000000 /* entries of a list */ };

struct imp_revoked {
	const char *name;  /* of the file, borrowed; NULL: nothing was read */
	uint8_t owner[32]; /* kid of whoever signed it */
	uint8_t id[32];	   /* of its object; of several parts, a hash of their ids */
	uint64_t sequence;
	struct imp_revoked_entry {
		uint8_t set, len;
		uint8_t bytes[IMP_UEID_MAX];
	} * entry; /* ascending once it was read or sorted; owned */
	size_t count, cap;
	struct imp_secret *parts; /* of a list that is written: gets them, too; or NULL */
};

/*
 * Read a list, and verify it.
 *
 *   by   the owner, who must have signed it, and who must have approved it; where that is
 *        not known and it is signed as many, somebody must
 *
 * 0; -IMP_EUSAGE (no such file); -IMP_EFORMAT (form, order, a part that is missing);
 * -IMP_EVERIFY; -IMP_EPOLICY (signed by another, not by all who must); -IMP_ERESOURCE.
 */
int imp_revoked_read(struct imp_revoked *r, struct imp_crypto *crypto, const char *path,
		     const struct imp_quorum *by, struct imp_error *err) IMP_MUST_CHECK;
/* Accepts a zeroed struct. Fits CLEANUP(). */
void imp_revoked_fini(struct imp_revoked *r);

/* Add to a list that is being made. 0, -IMP_EUSAGE (more than IMP_REVOKED_MAX),
 * -IMP_ERESOURCE. */
int imp_revoked_add(struct imp_revoked *r, enum imp_revoked_set set,
		    struct imp_span subject, struct imp_error *err) IMP_MUST_CHECK;
/* Put it in order, each entry once. */
void imp_revoked_sort(struct imp_revoked *r);
/*
 * Sign a list that is in order, and write it: one object, or a batch of its parts. Sets
 * owner and id.
 *
 *   many   others approve it: signed in the form that has room for them
 *
 * 0, -IMP_EKEY, -IMP_ERESOURCE.
 */
int imp_revoked_write(struct imp_revoked *r, struct imp_crypto *crypto,
		      const struct imp_signer *signer, bool many, struct imp_out *out,
		      struct imp_error *err) IMP_MUST_CHECK;
/* How many entries a set has. */
size_t imp_revoked_count(const struct imp_revoked *r, enum imp_revoked_set set);

/* Does it stand there? False of a NULL list. */
bool imp_revoked_has(const struct imp_revoked *r, enum imp_revoked_set set,
		     struct imp_span subject);
/*
 * Is it still good?
 *
 *   r      NULL, or nothing read: everything is
 *   what   for the message: "the signing key"
 *
 * 0, or -IMP_EPOLICY with what is revoked, by which list and its sequence.
 */
int imp_revoked_check(const struct imp_revoked *r, enum imp_revoked_set set,
		      const char *what, struct imp_span subject, struct imp_error *err)
	IMP_MUST_CHECK;
/* The same of a key. Also -IMP_EINTERNAL. */
int imp_revoked_check_pub(const struct imp_revoked *r, struct imp_crypto *crypto,
			  const char *what, const struct imp_pub *key,
			  struct imp_error *err) IMP_MUST_CHECK;
/* The same of approvers. Likewise. */
int imp_revoked_check_approval(const struct imp_revoked *r, struct imp_crypto *crypto,
			       const struct imp_approval *a, struct imp_error *err)
	IMP_MUST_CHECK;
/* The same of a signed object: its id, every key that signed it, and of the grants in it
 * their ids and signers: whoever holds one signs what it stands behind. Also
 * -IMP_EFORMAT: its chain is none of grants. */
int imp_revoked_check_object(const struct imp_revoked *r, struct imp_crypto *crypto,
			     const struct imp_signed *s, struct imp_error *err)
	IMP_MUST_CHECK;
/* The same of a grant that was read, and of whoever holds it. */
int imp_revoked_check_grants(const struct imp_revoked *r, struct imp_crypto *crypto,
			     const struct imp_grants *g, struct imp_error *err)
	IMP_MUST_CHECK;
/* The same of what a claim or a transfer names: its device, its new owner, who approves
 * what that one signs. */
int imp_revoked_check_transfer(const struct imp_revoked *r, struct imp_crypto *crypto,
			       const struct imp_transfer *t, struct imp_error *err)
	IMP_MUST_CHECK;
/* The same of a device's keys, and of the key that endorsed its card. */
int imp_revoked_check_keys(const struct imp_revoked *r, const struct imp_known *k,
			   struct imp_error *err) IMP_MUST_CHECK;
/* The same, and of its ueid. */
int imp_revoked_check_card(const struct imp_revoked *r, const struct imp_known *k,
			   struct imp_error *err) IMP_MUST_CHECK;

#endif
