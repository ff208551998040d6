/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kinds: the typ (header 16) of every object, so that none can pass for another.
 *
 * Source: imprint-formats(7); RFC 9596.
 */
#ifndef IMP_OBJECT_KIND_H
#define IMP_OBJECT_KIND_H

#include "base/attr.h"
#include "base/bytes.h"

enum imp_kind {
	IMP_KIND_UNKNOWN,
	IMP_KIND_PROFILE,
	IMP_KIND_PACKAGE,
	IMP_KIND_GRANT,
	IMP_KIND_TRANSFER, /* a claim is the first transfer */
	IMP_KIND_COMMAND,
	IMP_KIND_CHALLENGE,
	IMP_KIND_BATCH,
	IMP_KIND_CARD,
	IMP_KIND_ENDORSEMENT,
	IMP_KIND_EVIDENCE,
	IMP_KIND_CREDENTIALS,
	IMP_KIND_REVOCATION,
	IMP_KINDS,
};

const char *imp_kind_name(enum imp_kind kind); /* "profile"; "unknown" */
struct imp_span
imp_kind_typ(enum imp_kind kind); /* "application/vnd.imprint.profile+cose" */
enum imp_kind imp_kind_of(struct imp_span typ);
/* May header 13 stand in it? Of what is not ours nothing is known. */
bool imp_kind_chains(enum imp_kind kind);

#endif
