/* SPDX-License-Identifier: Apache-2.0 */
/* Case: all that is known of one device while it is audited. Private to lib/ledger. */
#ifndef IMP_LEDGER_AUDIT_CASE_H
#define IMP_LEDGER_AUDIT_CASE_H

#include "evidence/chains.h"
#include "ledger/audit.h"
#include "ledger/rows.h"
#include "object/signed.h"

/* A card of the device that the registry took in. */
struct imp_carded {
	uint64_t entry, time;
	uint8_t signing[32], sealing[32];
	enum imp_assurance assurance;
	bool replaces; /* somebody said that the board was exchanged */
	char station[IMP_STATION_TEXT];
	size_t at, len; /* of the signed card, in the case's bytes */
};

/* An entry of the registry that is no card; entry 0: there is none. */
struct imp_noted {
	uint64_t entry, time;
	char station[IMP_STATION_TEXT];
	char reason[IMP_REASON_MAX + 1];
};

struct imp_issue {
	uint64_t entry, time;
	char station[IMP_STATION_TEXT];
	uint8_t id[32], issuer[32];
	uint32_t domain, owner_epoch, domain_epoch;
	uint64_t sequence;
	const struct imp_shown_token *shown; /* evidence that names it; NULL: none */
	const struct imp_shown_token *led;   /* evidence whose history goes by it */
	uint64_t took; /* entry that says that the device has it, or 0 */
	bool carried;  /* to the device, which did not refuse it */
};

/* Something that was carried to the device, and that it did not refuse. */
struct imp_carried {
	uint64_t entry;
	uint8_t id[32];
	bool took; /* else its answer was lost */
};

/* Evidence of the device. */
struct imp_shown_token {
	struct imp_fact from; /* text is free */
	uint64_t time;	      /* 0: it has none */
	char station[IMP_STATION_TEXT];
	uint8_t signing[32];
	size_t at, len;	      /* of the signed bytes, in the case's bytes */
	uint32_t boot, count; /* as decoded; set where it is good */
	const struct imp_questioned *asked;
	bool good; /* signed by a key that was carded for this device */
};

/* The ring of a device that was asked now. */
struct imp_ring_entry {
	struct imp_entry entry;
	struct imp_head before, after;
};
enum { IMP_RING_MAX = 16 };
struct imp_ring_read {
	size_t count;
	struct imp_ring_entry at[IMP_RING_MAX];
};
enum { IMP_OWNERS_SEEN = 8, IMP_NAMED_MAX = 16 };

struct imp_case {
	struct imp_audit_run *run;
	struct imp_span ueid;
	struct imp_secret bytes; /* cards and evidence */
	struct imp_carded *card;
	size_t cards, card_cap;
	struct imp_noted quarantined, confirmed, retired;
	struct imp_issue *issue; /* in the order of entries */
	size_t issues, issue_cap;
	struct imp_issue **by_id, **by_pair; /* the same, in other orders; owned */
	struct imp_carried *carried;
	size_t carried_count, carried_cap;
	struct imp_shown_token *token;
	size_t tokens, token_cap;
	/* The token that was decoded last: most devices have one. */
	struct {
		const struct imp_shown_token *of; /* NULL: none */
		struct imp_signed s;
		struct imp_evidence evidence;
	} read;
	struct imp_ring_read ring;
	const struct imp_shown_token *ring_of; /* the token that it folds to, or NULL */
	uint8_t owner[IMP_OWNERS_SEEN][32];    /* kids, the first seen first */
	size_t owners;
	uint8_t record[32]; /* of the last owner */
	enum imp_severity verdict;
	uint64_t told[IMP_FOUND_CODES];	  /* bit d: told of domain d; bit 63: of none */
	uint8_t named[IMP_NAMED_MAX][32]; /* ids of unissued profiles that were told of */
	size_t named_count;
};

/* What verifying an entry's signatures again says, where the ledger says otherwise. */
struct imp_resigned {
	uint64_t entry;
	enum imp_verdict {
		IMP_AS_SAID,
		IMP_FORGED,    /* its signature does not verify */
		IMP_UNVOUCHED, /* no factory that was named endorses the card */
		IMP_VOUCHED,   /* one does */
	} verdict;
};

/* A grant that an owner who is named gave, also through others, and who holds it. */
struct imp_held_grant {
	uint8_t holder[32];
	struct imp_grant grant;
};

/* One audit. */
struct imp_audit_run {
	struct imp_ledger *l;
	const struct imp_auditing *a;
	struct imp_audit_report *out;
	struct imp_types types;
	struct imp_secret grants; /* bytes of those that the ledger holds */
	struct imp_held_grant *grant;
	size_t grant_count, grant_cap;
	bool any_revoked;
	bool unverified_told;	       /* of revocations */
	struct imp_resigned *resigned; /* ascending by entry; owned */
	size_t resigned_count, resigned_cap;
};

/* The bytes of a card or of evidence. */
struct imp_span imp_case_bytes(const struct imp_case *c, size_t at, size_t len);
/* The card that counts; NULL: the device was never enrolled. */
const struct imp_carded *imp_case_card(const struct imp_case *c);
/* The card of a key of this device, or NULL. */
const struct imp_carded *imp_case_card_of(const struct imp_case *c,
					  const uint8_t signing[32]);
/* The last issuance of an object, or NULL. */
struct imp_issue *imp_case_issue(const struct imp_case *c, struct imp_span id);
/* Where in c->by_pair the issuances are above another one. */
size_t imp_case_above(const struct imp_case *c, const struct imp_issue *floor);
/* Order by domain, owner-epoch, domain-epoch and sequence: below 0, 0, above 0. */
int imp_issue_order(const struct imp_issue *a, const struct imp_issue *b);
/* Did the device take this object, by a delivery? The entry, or 0. */
uint64_t imp_case_took(const struct imp_case *c, struct imp_span id);
/* The first delivery of something that it took: the entry, or 0. */
uint64_t imp_case_first_took(const struct imp_case *c);
void imp_case_fini(struct imp_case *c);

/* Take all that the ledger says of a device, which comes next, and the evidence in
 * files. */
int imp_case_read(struct imp_case *c, struct imp_rows *registry, struct imp_rows *rest,
		  struct imp_error *err) IMP_MUST_CHECK;
/* Decode a token, once all are there, to c->read. 0, or a negative code, after which
 * nothing is read. */
int imp_case_decode(struct imp_case *c, const struct imp_shown_token *t,
		    struct imp_error *err) IMP_MUST_CHECK;
/* Verify one that comes from outside the ledger, or the ledger's own where that is asked
 * for; marks it good. */
int imp_case_admit(struct imp_case *c, struct imp_error *err) IMP_MUST_CHECK;

/*
 * Tell of a finding, once for each code and domain of a device.
 *
 *   domain   -1: none
 *   time     of what shows it, 0: none
 */
struct imp_charge {
	enum imp_finding_code code;
	int domain;
	uint64_t time;
	const char *station;
	bool each; /* tell of it, whatever was told of this domain */
	struct imp_fact fact[2];
};
/* Is it the first time that this profile is named? */
bool imp_case_name(struct imp_case *c, struct imp_span id);
int imp_case_tell(struct imp_case *c, const struct imp_charge *charge,
		  struct imp_error *err) IMP_MUST_CHECK;
/* The same of no device. */
int imp_run_tell(struct imp_audit_run *r, const struct imp_charge *charge,
		 struct imp_error *err) IMP_MUST_CHECK;

/* Facts. */
struct imp_fact imp_fact_entry(uint64_t entry, const char *fmt, ...) IMP_PRINTF(2, 3);
struct imp_fact imp_fact_ledger(const char *fmt, ...) IMP_PRINTF(1, 2);
/* Whom --owner names. */
struct imp_fact imp_fact_owners(const struct imp_auditing *a);
struct imp_fact imp_fact_option(const char *option, const char *fmt, ...)
	IMP_PRINTF(2, 3);
/* Of a token. */
struct imp_fact imp_fact_token(const struct imp_shown_token *t, const char *fmt, ...)
	IMP_PRINTF(2, 3);
/* A hash, its first eight bytes, for a fact. */
struct imp_short {
	char text[24];
};
struct imp_short imp_short(struct imp_span hash);
struct imp_short imp_date(uint64_t seconds);

/* What each part judges; 0 or a negative code. */
int imp_judge_registry(struct imp_case *c, struct imp_error *err) IMP_MUST_CHECK;
int imp_judge_issues(struct imp_case *c, struct imp_error *err) IMP_MUST_CHECK;
int imp_judge_sent(struct imp_case *c, const struct imp_issue *i, struct imp_error *err)
	IMP_MUST_CHECK;
int imp_judge_tokens(struct imp_case *c, struct imp_error *err) IMP_MUST_CHECK;
int imp_judge_end(struct imp_case *c, const struct imp_shown_token *last,
		  const struct imp_evidence *token, struct imp_error *err) IMP_MUST_CHECK;
int imp_judge_holdings(struct imp_case *c, const struct imp_shown_token *s,
		       const struct imp_evidence *token, struct imp_error *err)
	IMP_MUST_CHECK;

/* The device's keys and its owner, by one line of evidence: from the start or from what
 * it proved last to what it proves now. */
struct imp_way {
	struct imp_chains chains;	      /* where it starts */
	const struct imp_shown_token *before; /* NULL: at the device's first day */
	const struct imp_shown_token *now;
	const struct imp_evidence *token; /* of now */
};
/* Where a way ends. */
enum imp_way_end {
	IMP_WAY_FOLLOWS,
	IMP_WAY_FALLS,	     /* a chain is shorter than it was */
	IMP_WAY_FORKS,	     /* a chain is another */
	IMP_WAY_GAP,	     /* entries are not known */
	IMP_WAY_CONTRADICTS, /* the state is not that of the chain */
	IMP_WAY_SEIZED,	     /* a recovery that the owner had not allowed */
};
struct imp_way_result {
	enum imp_way_end end;
	unsigned domain;
	uint32_t from, to; /* lengths of the chain */
	uint32_t missing;  /* entries, at least */
	char what[48];	   /* that contradicts */
};
int imp_way_walk(const struct imp_case *c, const struct imp_way *w,
		 struct imp_way_result *out, struct imp_error *err) IMP_MUST_CHECK;
int imp_way_tell(struct imp_case *c, const struct imp_way *w,
		 const struct imp_way_result *r, struct imp_error *err) IMP_MUST_CHECK;

/* Fold it; 0 entries where there is none, or it does not fold to the token's heads. */
int imp_ring_read(struct imp_crypto *crypto, const struct imp_questioned *asked,
		  const struct imp_known *known, const struct imp_evidence *token,
		  struct imp_ring_read *out, struct imp_error *err) IMP_MUST_CHECK;

/* Who may write a domain? */
struct imp_right {
	enum imp_right_is { IMP_RIGHT_YES, IMP_RIGHT_NO, IMP_RIGHT_BEYOND } is;
	char why[IMP_FACT_TEXT];
};
struct imp_claimed {
	struct imp_span by; /* kid */
	uint32_t domain, epochs[2];
	uint64_t sequence, time; /* 0: not judged */
};
struct imp_right imp_case_right(const struct imp_case *c, const struct imp_claimed *w);

/* Those that are given and those that the ledger holds; fills run->grant. */
int imp_audit_grants(struct imp_audit_run *r, struct imp_error *err) IMP_MUST_CHECK;
/* Verify again, in parallel, what the options ask for; fills run->resigned. */
int imp_audit_resign(struct imp_audit_run *r, struct imp_error *err) IMP_MUST_CHECK;
enum imp_verdict imp_run_verdict(const struct imp_audit_run *r, uint64_t entry);
/* The entry from which on an owner that is named has revoked something: 1, 0, or a
 * negative code. What no such list says is told of, and counts for nothing. */
int imp_run_revoked(struct imp_audit_run *r, struct imp_span subject, uint64_t *entry,
		    struct imp_error *err) IMP_MUST_CHECK;

#endif
