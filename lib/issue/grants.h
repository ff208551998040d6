/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grants: a grant in a file with those above it, as its holder uses it (host only).
 *
 * What a device would refuse is refused here, in words, before anything is signed.
 * Source: imprint-formats(7), grant; imprint-grant(1).
 */
#ifndef IMP_ISSUE_GRANTS_H
#define IMP_ISSUE_GRANTS_H

#include "base/secret.h"
#include "trust/chain.h"

struct imp_grants {
	const char *name;     /* of the file, borrowed; NULL: nothing was read */
	struct imp_secret un; /* what its holder's objects carry: {13: the grant} */
	uint8_t holder[32];   /* kid */
	uint64_t now_s;	      /* seconds since 1970; 0: nothing expires */
	bool owner_verified;  /* the owner's signature was */
	/* Set before it is opened: all above the first link has verified before, byte for
	 * byte and by the same owner, and is not verified again. */
	bool above_verified;
	size_t links; /* 1..IMP_GRANT_LINKS */
	struct imp_grant_link {
		struct imp_signed object;
		struct imp_grant grant;
	} link[IMP_GRANT_LINKS]; /* the holder's first, the owner's last; borrowed from un
				  */
};

/*
 * Read a grant, and verify every signature in it.
 *
 *   owner   whose key signed the last link; NULL: that signature is not verified
 *   now_s   seconds since 1970, or 0
 *
 * 0; -IMP_EUSAGE (no such file); -IMP_EFORMAT; -IMP_EVERIFY; -IMP_EPOLICY (another owner,
 * a link that is not its signer's to give, too many of them).
 */
int imp_grants_read(struct imp_grants *g, struct imp_crypto *crypto, const char *path,
		    const struct imp_pub *owner, uint64_t now_s, struct imp_error *err)
	IMP_MUST_CHECK;
/* The same of a grant's bytes, which may come from anywhere; into a zeroed struct. */
int imp_grants_open(struct imp_grants *g, struct imp_crypto *crypto,
		    struct imp_span bytes, const struct imp_pub *owner,
		    struct imp_error *err) IMP_MUST_CHECK;
/*
 * Do all links allow it?
 *
 *   w        its device as far as it is known; now_s is the file's
 *   scope    what is not allowed; may be NULL
 *
 * 0, or -IMP_EPOLICY: what was found and what is granted.
 */
int imp_grants_allow(const struct imp_grants *g, const struct imp_write *w,
		     enum imp_scope *scope, struct imp_error *err) IMP_MUST_CHECK;
/* The same for a profile; `device` adds to what its target says, NULL: nothing. */
int imp_grants_allow_profile(const struct imp_grants *g, const struct imp_profile *p,
			     const struct imp_target *device, enum imp_scope *scope,
			     struct imp_error *err) IMP_MUST_CHECK;
/*
 * May its holder give this grant on? Nothing of it may be wider than what the holder has.
 *
 * 0, or -IMP_EPOLICY.
 */
int imp_grants_allow_grant(const struct imp_grants *g, const struct imp_grant *next,
			   struct imp_error *err) IMP_MUST_CHECK;
/* The first object and instance that some link does not allow. */
struct imp_setting imp_grants_outside(const struct imp_grants *g,
				      struct imp_span settings);
/*
 * May a key sign by it?
 *
 * 0, or -IMP_EPOLICY: another key holds it.
 */
int imp_grants_fit(const struct imp_grants *g, struct imp_crypto *crypto,
		   const struct imp_pub *key, struct imp_error *err) IMP_MUST_CHECK;
/* Is its holder's signature enough? 0, or -IMP_EPOLICY: it asks for approvers besides. */
int imp_grants_alone(const struct imp_grants *g, struct imp_error *err) IMP_MUST_CHECK;
enum { IMP_GRANT_WORDS = 32768 };
/*
 * All that a grant allows, in one line for people: "objects 10 of domain 1 of class
 * keel-2, ...". Its approval is not among it.
 *
 * 0, or -IMP_ERESOURCE: it does not fit, and nothing is cut.
 */
int imp_grant_says(const struct imp_grant *g, char out[IMP_GRANT_WORDS],
		   struct imp_error *err) IMP_MUST_CHECK;
/* Accepts a zeroed struct. Fits CLEANUP(). */
void imp_grants_fini(struct imp_grants *g);

#endif
