/* SPDX-License-Identifier: Apache-2.0 */
/* Faults, by name. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/fault.h"

static const struct {
	const char *name;
	bool number; /* wants @N */
} rows[IMP_FAULTS] = {
	[IMP_FAULT_CUT] = { "cut", true },
	[IMP_FAULT_NOISE] = { "noise", false },
	[IMP_FAULT_DROP] = { "drop", true },
	[IMP_FAULT_SLOW] = { "slow", true },
	[IMP_FAULT_ECHO] = { "echo", false },
	[IMP_FAULT_SILENT] = { "silent", false },
	[IMP_FAULT_TEXT] = { "text", false },
	[IMP_FAULT_FLOOD] = { "flood", false },
	[IMP_FAULT_UNPLUG] = { "unplug", true },
	[IMP_FAULT_REBOOT] = { "reboot", true },
	[IMP_FAULT_REFUSE] = { "refuse", true },
	[IMP_FAULT_LIE_KEY] = { "lie:key", false },
	[IMP_FAULT_LIE_NONCE] = { "lie:nonce", false },
	[IMP_FAULT_LIE_REPLAY] = { "lie:replay", false },
	[IMP_FAULT_LIE_APPLIED] = { "lie:applied", false },
	[IMP_FAULT_LIE_EVIDENCE] = { "lie:no-evidence", false },
	[IMP_FAULT_LIE_UEID] = { "lie:ueid", false },
	[IMP_FAULT_LIE_DEBUG] = { "lie:debug", false },
	[IMP_FAULT_LIE_GARBAGE] = { "lie:garbage", false },
	[IMP_FAULT_LIE_BOMB] = { "lie:bomb", false },
	[IMP_FAULT_LIE_VERSION] = { "lie:version", false },
	[IMP_FAULT_LIE_STRINGS] = { "lie:strings", false },
	[IMP_FAULT_LIE_CLAIM] = { "lie:claim", false },
	[IMP_FAULT_LIE_MISSING] = { "lie:missing", false },
	[IMP_FAULT_SWAP] = { "swap", true },
	[IMP_FAULT_CLONE] = { "clone", false },
};

const char *imp_fault_name(enum imp_fault_kind kind)
{
	return rows[kind].name;
}

static int wrong(const char *text, const char *what, struct imp_error *err)
{
	return imp_fail(err, IMP_EUSAGE, "fault '%s': %s", text, what);
}

static bool take_number(const char **at, unsigned *out)
{
	char *end;
	unsigned long n = strtoul(*at, &end, 10);

	if (end == *at || n < 1 || n > 1000000000)
		return false;
	*at = end;
	*out = (unsigned)n;
	return true;
}

int imp_fault_parse(const char *text, struct imp_fault *out, struct imp_error *err)
{
	struct imp_fault f = { .kind = IMP_FAULTS };
	const char *at = text;
	size_t len;

	if (*at >= '0' && *at <= '9' && (!take_number(&at, &f.device) || *at++ != ':'))
		return wrong(text, "expected DEVICE:KIND", err);
	len = strcspn(at, "@");
	for (int k = 0; k < IMP_FAULTS; k++)
		if (strlen(rows[k].name) == len && strncmp(rows[k].name, at, len) == 0)
			f.kind = (enum imp_fault_kind)k;
	if (f.kind == IMP_FAULTS)
		return wrong(text, "no such kind; see imprint-simulate(1)", err);
	at += len;
	if (rows[f.kind].number != (*at == '@'))
		return wrong(text, rows[f.kind].number ? "needs @N" : "takes no @N", err);
	if (*at == '@' && (at++, !take_number(&at, &f.n)))
		return wrong(text, "N is not a number from 1", err);
	if (*at == ',' && (at++, !take_number(&at, &f.n2)))
		return wrong(text, "the second N is not a number from 1", err);
	if (*at)
		return wrong(text, "something follows it", err);
	*out = f;
	return 0;
}
