/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a fault as a user writes it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/lie.h"

static const struct kind {
	const char *name;
	enum imp_sim_kind kind;
	size_t min, max; /* how many numbers */
	uint32_t usual;	 /* where the number is left out */
} kinds[] = {
	{ "cut", IMP_SIM_CUT, 1, IMP_SIM_NUMBERS, 0 },
	{ "noise", IMP_SIM_NOISE, 0, 0, 0 },
	{ "drop", IMP_SIM_DROP, 0, 1, 2 },
	{ "lose", IMP_SIM_LOSE, 0, 1, 1000 },
	{ "slow", IMP_SIM_SLOW, 0, 1, 1 },
	{ "echo", IMP_SIM_ECHO, 0, 0, 0 },
	{ "cooked", IMP_SIM_COOKED, 0, 0, 0 },
	{ "silent", IMP_SIM_SILENT, 0, 0, 0 },
	{ "text", IMP_SIM_TEXT, 0, 0, 0 },
	{ "flood", IMP_SIM_FLOOD, 0, 0, 0 },
	{ "unplug", IMP_SIM_UNPLUG, 1, 1, 0 },
	{ "reboot", IMP_SIM_REBOOT, 1, 1, 0 },
	{ "refuse", IMP_SIM_REFUSE, 1, 1, 0 },
	{ "swap", IMP_SIM_SWAP, 0, 1, 2 },
	{ "clone", IMP_SIM_CLONE, 0, 0, 0 },
};

bool imp_sim_fault_name(size_t i, char out[IMP_SIM_FAULT_NAME])
{
	const struct sim_lie *lie;

	if (i < COUNTOF(kinds)) {
		snprintf(out, IMP_SIM_FAULT_NAME, "%s%s", kinds[i].name,
			 kinds[i].min > 0 ? "@" : "");
		return true;
	}
	lie = sim_lie_at(i - COUNTOF(kinds));
	if (lie)
		snprintf(out, IMP_SIM_FAULT_NAME, "lie:%s%s", lie->name,
			 lie->number ? "@" : "");
	return lie != NULL;
}

static int unknown(const char *text, struct imp_error *err)
{
	char list[256] = "";
	size_t len = 0;

	for (size_t i = 0; i < COUNTOF(kinds); i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s, ",
					kinds[i].name);
	return imp_fail(err, IMP_EUSAGE, "--fault %s: expected %slie:WHAT", text, list);
}

static int unknown_lie(const char *text, struct imp_error *err)
{
	char list[400] = "";
	size_t len = 0;
	const struct sim_lie *lie;

	for (size_t i = 0; (lie = sim_lie_at(i)) && len < sizeof(list); i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s",
					i ? ", " : "", lie->name);
	return imp_fail(err, IMP_EUSAGE, "--fault %s: expected lie: and one of %s", text,
			list);
}

static bool take_number(const char **at, uint32_t *out)
{
	char *end;
	unsigned long n;

	if (**at < '0' || **at > '9')
		return false;
	errno = 0;
	n = strtoul(*at, &end, 10);
	if (errno || n == 0 || n > UINT32_MAX)
		return false;
	*at = end;
	*out = (uint32_t)n;
	return true;
}

/* @N,N,... ascending, up to the end. */
static bool take_numbers(const char *at, struct imp_sim_fault *f)
{
	if (*at == '\0')
		return true;
	do {
		at++;
		if (f->count == IMP_SIM_NUMBERS || !take_number(&at, &f->n[f->count]))
			return false;
		f->count++;
		if (f->count > 1 && f->n[f->count - 1] <= f->n[f->count - 2])
			return false;
	} while (*at == ',');
	return *at == '\0';
}

static const struct kind *find(const char *word, size_t len)
{
	for (size_t i = 0; i < COUNTOF(kinds); i++)
		if (strlen(kinds[i].name) == len && memcmp(kinds[i].name, word, len) == 0)
			return &kinds[i];
	return NULL;
}

static int take_lie(const char *text, const char *word, struct imp_sim_fault *f,
		    struct imp_error *err)
{
	size_t len = strcspn(word, "@");

	f->kind = IMP_SIM_LIE;
	f->lie = sim_lie_find(word, len);
	if (!f->lie)
		return unknown_lie(text, err);
	if (!take_numbers(word + len, f) || f->count != (f->lie->number ? 1 : 0))
		return imp_fail(err, IMP_EUSAGE, "--fault %s: expected lie:%s%s", text,
				f->lie->name, f->lie->number ? "@N" : "");
	return 0;
}

static int wrong_numbers(const char *text, const struct kind *k, struct imp_error *err)
{
	static const char *const at_most[] = { "no number", "one number, from 1" };

	if (k->max < COUNTOF(at_most))
		return imp_fail(err, IMP_EUSAGE, "--fault %s: %s takes %s%s", text,
				k->name, k->min < k->max ? "at most " : "",
				at_most[k->max]);
	return imp_fail(err, IMP_EUSAGE,
			"--fault %s: %s takes %zu to %zu ascending numbers from 1", text,
			k->name, k->min, k->max);
}

int imp_sim_fault_parse(const char *text, struct imp_sim_fault *out,
			struct imp_error *err)
{
	struct imp_sim_fault f = { 0 };
	const char *at = text;
	const struct kind *k;
	uint32_t device;
	size_t len;

	if (take_number(&at, &device)) {
		if (*at++ != ':')
			return imp_fail(err, IMP_EUSAGE,
					"--fault %s: expected DEVICE:KIND", text);
		f.device = device;
	}
	if (strncmp(at, "lie:", 4) == 0) {
		int rc = take_lie(text, at + 4, &f, err);

		if (!rc)
			*out = f;
		return rc;
	}
	len = strcspn(at, "@");
	k = find(at, len);
	if (!k)
		return unknown(text, err);
	f.kind = k->kind;
	if (!take_numbers(at + len, &f) || f.count < k->min || f.count > k->max)
		return wrong_numbers(text, k, err);
	if (f.count == 0)
		f.n[0] = k->usual;
	*out = f;
	return 0;
}
