/* SPDX-License-Identifier: Apache-2.0 */
/* The typ of every object. */
#include "object/kind.h"

struct row {
	const char *name;
	struct imp_span typ;
};

#define ROW(kind)                                                                   \
	{                                                                           \
		kind,                                                               \
		{                                                                   \
			(const uint8_t *)"application/vnd.imprint." kind "+cose",   \
				sizeof("application/vnd.imprint." kind "+cose") - 1 \
		}                                                                   \
	}

static const struct row rows[IMP_KINDS] = {
	[IMP_KIND_UNKNOWN] = { "unknown", { 0 } },
	[IMP_KIND_PROFILE] = ROW("profile"),
	[IMP_KIND_PACKAGE] = ROW("package"),
	[IMP_KIND_GRANT] = ROW("grant"),
	[IMP_KIND_TRANSFER] = ROW("transfer"),
	[IMP_KIND_COMMAND] = ROW("command"),
	[IMP_KIND_CHALLENGE] = ROW("challenge"),
	[IMP_KIND_BATCH] = ROW("batch"),
	[IMP_KIND_CARD] = ROW("card"),
	[IMP_KIND_ENDORSEMENT] = ROW("endorsement"),
	[IMP_KIND_EVIDENCE] = ROW("evidence"),
	[IMP_KIND_CREDENTIALS] = ROW("credentials"),
	[IMP_KIND_REVOCATION] = ROW("revocation"),
};

const char *imp_kind_name(enum imp_kind kind)
{
	return rows[kind].name;
}

struct imp_span imp_kind_typ(enum imp_kind kind)
{
	return rows[kind].typ;
}

enum imp_kind imp_kind_of(struct imp_span typ)
{
	for (int kind = IMP_KIND_UNKNOWN + 1; kind < IMP_KINDS; kind++)
		if (imp_span_eq(typ, rows[kind].typ))
			return (enum imp_kind)kind;
	return IMP_KIND_UNKNOWN;
}

bool imp_kind_chains(enum imp_kind kind)
{
	return kind == IMP_KIND_UNKNOWN || kind == IMP_KIND_PROFILE ||
	       kind == IMP_KIND_GRANT || kind == IMP_KIND_CHALLENGE ||
	       kind == IMP_KIND_BATCH || kind == IMP_KIND_CARD;
}
