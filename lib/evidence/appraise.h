/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Appraisal: does the evidence show what should be, and if not, what exactly differs
 * (host only)?
 *
 * Everything is compared, so that one run names every difference; the first one decides
 * the exit status. Source: imprint-verify(1); RFC 9334 (appraisal of evidence).
 */
#ifndef IMP_EVIDENCE_APPRAISE_H
#define IMP_EVIDENCE_APPRAISE_H

#include "evidence/known.h"
#include "evidence/token.h"

enum { IMP_DIFFERENCES = 16, IMP_DIFFERENCE_TEXT = 120 };

/* What should be. Empty spans, NULL and false: not looked at. */
struct imp_expected {
	const struct imp_known *known; /* the card: never NULL */
	const uint8_t *nonce;	       /* 32 bytes; NULL for evidence from a file */
	bool unowned;		       /* nobody owns it */
	bool any_life;		       /* whatever its lifecycle */
	struct imp_span owner;	       /* kid, 32 bytes */
	struct imp_span record;	       /* owner record id, 32 bytes */
	bool locked, decommissioned;   /* must be */
	bool allow_debug;	       /* debug enabled is no difference */
	bool has_policy;
	uint32_t policy;
	uint16_t wiped_domains; /* bit d: nothing may be set there */
	uint16_t floors;	/* bit d: its domain-epoch must be floor[d] or more */
	uint32_t floor[IMP_EVIDENCE_DOMAINS];
	/* One domain's profile. */
	bool has_profile;
	uint32_t domain;
	bool wiped;		       /* the domain must be wiped */
	struct imp_span id, authority; /* 32 bytes each */
	uint32_t epochs[2];
	uint64_t sequence;
	bool later; /* the profile came earlier: commands may have followed it, and owners
		     * who kept it */
};

struct imp_difference {
	const char *what; /* "signature", "nonce", "owner", ... */
	enum imp_code code;
	/* Clauses; hashes in full. */
	char found[IMP_DIFFERENCE_TEXT], expected[IMP_DIFFERENCE_TEXT];
};

struct imp_appraisal {
	struct imp_evidence
		token; /* borrowed from the signed bytes; valid where decoded */
	bool decoded;
	uint8_t foreign; /* a domain that somebody wrote whom no grant names; 0: none */
	size_t count;
	struct imp_difference difference[IMP_DIFFERENCES];
};

/* Appraise signed evidence. 0 when nothing differs, else -code of the first difference.
 */
int imp_appraise(struct imp_crypto *crypto, struct imp_span signed_evidence,
		 const struct imp_expected *expected, struct imp_appraisal *out);
/* Add a difference that the caller found; returns -code. */
int imp_differs(struct imp_appraisal *a, const char *what, enum imp_code code,
		const char *found, const char *expected);
/* 0, or -code of the first difference. */
int imp_appraisal_code(const struct imp_appraisal *a);

#endif
