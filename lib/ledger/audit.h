/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Audit: holds what devices have proven against what was issued to them, and names each
 * thing that cannot be true at the same time.
 *
 * A device signs a chain over everything that was ever applied to it. Folded from what it
 * proved last, that chain must follow from what the ledger says was issued; where it does
 * not, somebody else was there, whatever the settings are now. Source: imprint-audit(7).
 */
#ifndef IMP_LEDGER_AUDIT_H
#define IMP_LEDGER_AUDIT_H

#include "evidence/known.h"
#include "issue/grants.h"
#include "issue/revoked.h"
#include "ledger/checkpoint.h"
#include "ledger/ledger.h"
#include "object/index.h"

/* What an audit can find, the worst first. */
enum imp_finding_code {
	IMP_FOUND_LEDGER_FORKED,
	IMP_FOUND_CLONE,
	IMP_FOUND_ROLLBACK,
	IMP_FOUND_FOREIGN_AUTHORITY,
	IMP_FOUND_UNISSUED_PROFILE,
	IMP_FOUND_HISTORY_MISMATCH,
	IMP_FOUND_HISTORY_GAP,
	IMP_FOUND_PRE_CLAIMED,
	IMP_FOUND_DUPLICATE_IDENTITY,
	IMP_FOUND_KEY_CONFLICT,
	IMP_FOUND_OUT_OF_SCOPE,
	IMP_FOUND_REVOKED,
	IMP_FOUND_UNKNOWN_DEVICE,
	IMP_FOUND_WRONG_LIFECYCLE,
	IMP_FOUND_DEBUG_ENABLED,
	IMP_FOUND_IN_DOUBT,
	IMP_FOUND_ASSERTED_KEY,
	IMP_FOUND_SINGLE_PATH,
	IMP_FOUND_STALE,
	IMP_FOUND_UNVERIFIED,
	IMP_FOUND_NOT_ANCHORED,
	IMP_FOUND_CODES,
};

/* How bad: what a device with no finding is, too. */
enum imp_severity { IMP_CLEAN, IMP_NOTICE, IMP_WARNING, IMP_ALARM, IMP_SEVERITIES };

struct imp_finding_kind {
	const char *word; /* "history-gap": stable */
	enum imp_severity severity;
	const char *means, *next; /* a clause each */
};

const struct imp_finding_kind *imp_finding_kind(enum imp_finding_code code);
const char *imp_severity_name(enum imp_severity s); /* "alarm" */

/* Where a fact comes from. */
enum imp_fact_source {
	IMP_FACT_LEDGER, /* the ledger as a whole: that it lacks something, ... */
	IMP_FACT_ENTRY,	 /* an entry of it, by its number */
	IMP_FACT_FILE,	 /* an item of a file, counted from 1 */
	IMP_FACT_DEVICE, /* a device that was asked now */
	IMP_FACT_OPTION, /* what the user said */
};

enum { IMP_FACT_TEXT = 176, IMP_FACT_NAME = 96, IMP_STATION_TEXT = 65 };

struct imp_fact {
	enum imp_fact_source source;
	uint64_t number;	  /* of an entry or an item */
	char name[IMP_FACT_NAME]; /* of a file, a device or an option */
	char text[IMP_FACT_TEXT]; /* a clause; escaped */
};

/* Two facts that contradict each other. */
struct imp_finding {
	enum imp_finding_code code;
	size_t ueid_len; /* 0: it is about no device */
	uint8_t ueid[33];
	char device[80]; /* its name; "" likewise */
	bool has_domain;
	uint32_t domain;
	uint64_t time;			/* of what shows it; 0: it has none */
	char station[IMP_STATION_TEXT]; /* that wrote what shows it; "": none */
	struct imp_fact fact[2];
};

/* What came of one device. */
struct imp_audited {
	struct imp_span ueid;
	enum imp_severity verdict;
	const char *station; /* of its last evidence, else that enrolled it; "": none */
	uint64_t time;	     /* of its last evidence in the ledger; 0: there is none */
	size_t evidence;     /* how many were looked at */
};

/* A device that was asked now; all borrowed. */
struct imp_questioned {
	const char *uri;
	struct imp_span evidence;      /* signed */
	struct imp_span base, entries; /* its history, or empty */
};

struct imp_auditing {
	const struct imp_checkpoint *outside; /* verified; NULL: none */
	const char *outside_name;	      /* of its file */
	const struct imp_index *file;	      /* evidence, by imp_proven_key() */
	size_t files;
	const struct imp_questioned *asked;
	size_t asked_count;
	const uint8_t (*owner)[32];	 /* kids; none: whoever it is */
	const struct imp_pub *owner_key; /* the same owners' keys */
	size_t owners;
	struct imp_factories factories; /* none: as the ledger says */
	const struct imp_grants *grant; /* verified up to one of the owners */
	size_t grants;
	const struct imp_revoked *revoked; /* by one of the owners; NULL: none is given */
	uint64_t now_s;
	uint64_t since_s; /* findings that something before shows are left out */
	uint64_t stale_s; /* 0: never */
	bool deep;	  /* verify every signature again */
	unsigned threads; /* for that */
	int (*found)(void *ctx, const struct imp_finding *f, struct imp_error *err);
	int (*device)(void *ctx, const struct imp_audited *d, struct imp_error *err);
	void *ctx;
};

struct imp_audit_report {
	uint64_t entries, devices, evidence, anchored;
	uint64_t forgotten;  /* of the entries */
	uint64_t signatures; /* that were verified again */
};

/*
 * Audit a ledger, one state of it, device by device in the order of their ueids. Memory
 * is bounded by what one device has.
 *
 * 0, whatever was found; -IMP_ELEDGER: it is damaged; the errors of imp_ledger_read();
 * what found or device returned.
 */
int imp_audit(struct imp_ledger *l, const struct imp_auditing *a,
	      struct imp_audit_report *out, struct imp_error *err) IMP_MUST_CHECK;

#endif
