/* SPDX-License-Identifier: Apache-2.0 */
/* The scope of a grant as it is typed. */
#ifndef IMPRINT_SCOPE_H
#define IMPRINT_SCOPE_H

#include "args.h"
#include "crypto/host.h"
#include "keyarg.h"
#include "object/grant.h"

enum { SCOPE_ALLOW = 64 };

/* --domain, --allow, --objects, --target, --sequences, --epochs, --depth, --expires,
 * --approval */
struct scope_args {
	uint32_t domain; /* 0: not given */
	const char *allow[SCOPE_ALLOW];
	size_t allows;
	const char *objects;
	struct path_list targets;
	bool has_sequences, has_epochs;
	uint64_t sequences[2];
	uint32_t epochs[2], depth;
	const char *expires, *approval;
};
extern const struct argp scope_argp;

/* --approval, of what an owner signs */
struct quorum_args {
	const char *approval; /* NULL: not known */
};
extern const struct argp quorum_argp;

/* "M:PUB,PUB", trusted by whoever signs: 0, -IMP_EUSAGE, or the errors of trusted_read()
 * and key_check_class()., where that is
 * known. */
int approval_parse(struct imp_crypto *crypto, const char *text, const struct key_user *by,
		   struct imp_approval *out, struct imp_error *err);
/* Nobody approves what is signed in their own name. 0, or -IMP_EUSAGE. */
int approval_check_own(const struct imp_approval *a, const struct imp_pub *own,
		       const char *who, struct imp_error *err);

/* What a grant borrows. */
struct scope {
	uint8_t objects[4096], targets[2048];
};

/*
 * Fill in all of a grant but its holder.
 *
 *   by       who signs
 *   parent   has what the options leave out; NULL: defaults
 *   out      borrows from *s and *parent
 *
 * 0, -IMP_EUSAGE, or the errors of imp_catalog_read() and imp_key_read_public().
 */
int scope_make(struct scope *s, struct imp_crypto *crypto, const struct scope_args *a,
	       const struct key_user *by, const struct imp_grant *parent,
	       struct imp_grant *out, struct imp_error *err);

#endif
