/* SPDX-License-Identifier: Apache-2.0 */
/* The head of a profile: everything but its variables and settings. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "source/build.h"

static struct imp_mark mark_of(const struct imp_yaml *n)
{
	return n ? n->mark : (struct imp_mark){ 0 };
}

static bool head_number(struct imp_profile_source *s, const char *key, uint64_t min,
			uint64_t max, uint64_t *out)
{
	const struct imp_yaml *n = imp_yaml_get(s->root, key);
	char *end = NULL;

	if (!n)
		return false;
	errno = 0;
	*out = n->text ? strtoull(n->text, &end, 10) : 0;
	if (!n->text || errno || end == n->text || *end || n->text[0] == '-' ||
	    *out < min || *out > max) {
		imp_diag(&s->diags, n->mark, "%s: expected a number from %llu to %llu",
			 key, (unsigned long long)min, (unsigned long long)max);
		return false;
	}
	return true;
}

static void read_domain(struct imp_profile_source *s)
{
	static const char *const names[] = { "owner", "network", "service" };
	const struct imp_yaml *n = imp_yaml_get(s->root, "domain");
	uint64_t v = 0;

	if (!n) {
		imp_diag(&s->diags, (struct imp_mark){ 0 },
			 "domain is missing: owner, network, service, or 0..15");
		return;
	}
	for (uint32_t i = 0; n->text && i < COUNTOF(names); i++)
		if (strcmp(n->text, names[i]) == 0) {
			s->domain = i;
			return;
		}
	if (head_number(s, "domain", 0, IMP_DOMAINS - 1, &v))
		s->domain = (uint32_t)v;
}

static void read_epochs(struct imp_profile_source *s)
{
	const struct imp_yaml *n = imp_yaml_get(s->root, "epochs");
	const struct imp_yaml *a = n ? n->child : NULL, *b = a ? a->next : NULL;
	char *end1 = NULL, *end2 = NULL;

	s->epochs[0] = 1;
	s->epochs[1] = 0;
	if (s->options.has_epochs) {
		s->epochs[0] = s->options.epochs[0];
		s->epochs[1] = s->options.epochs[1];
		return;
	}
	if (!n)
		return;
	if (n->kind != IMP_YAML_LIST || n->count != 2 || !a->text || !b->text) {
		imp_diag(&s->diags, n->mark,
			 "epochs: expected [OWNER-EPOCH, DOMAIN-EPOCH]");
		return;
	}
	s->epochs[0] = (uint32_t)strtoul(a->text, &end1, 10);
	s->epochs[1] = (uint32_t)strtoul(b->text, &end2, 10);
	if (end1 == a->text || *end1 || end2 == b->text || *end2)
		imp_diag(&s->diags, n->mark, "epochs: expected two numbers");
}

static void read_label(struct imp_profile_source *s)
{
	const struct imp_yaml *n = imp_yaml_get(s->root, "profile");

	s->label = n ? n->text : NULL;
	if (n && (!n->text || strlen(n->text) < 1 || strlen(n->text) > IMP_LABEL_MAX)) {
		imp_diag(&s->diags, n->mark,
			 "profile: expected a label of 1 to 64 characters");
		s->label = NULL;
	}
}

static void read_replaces(struct imp_profile_source *s)
{
	const struct imp_yaml *n = imp_yaml_get(s->root, "replaces");

	if (!n)
		return;
	if (!n->text || strlen(n->text) != 64 ||
	    strspn(n->text, "0123456789abcdefABCDEF") != 64) {
		imp_diag(&s->diags, n->mark,
			 "replaces: expected the id of a profile, 64 hex digits");
		return;
	}
	for (size_t i = 0; i < 32; i++) {
		const char pair[] = { n->text[2 * i], n->text[2 * i + 1], '\0' };

		s->replaces[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	s->has_replaces = true;
}

static void read_sequence(struct imp_profile_source *s)
{
	s->sequence = s->options.sequence;
	if (s->sequence == 0 && !imp_yaml_get(s->root, "sequence"))
		imp_diag(&s->diags, (struct imp_mark){ 0 },
			 "sequence is missing: give it in the file or with --sequence");
	else if (s->sequence == 0)
		head_number(s, "sequence", 1, INT64_MAX, &s->sequence);
}

void head_read(struct imp_profile_source *s)
{
	static const char *const keys[] = { "imprint",	 "profile",  "domain",
					    "sequence",	 "epochs",   "generation",
					    "replaces",	 "target",   "endpoint",
					    "variables", "settings", "objects" };
	uint64_t v = 0;

	for (const struct imp_yaml *n = s->root->child; n; n = n->next) {
		bool found = false;

		for (size_t i = 0; i < COUNTOF(keys); i++)
			found |= strcmp(n->key, keys[i]) == 0;
		if (!found) {
			const char *near = imp_nearest(n->key, keys, COUNTOF(keys));

			imp_diag(&s->diags, n->key_mark,
				 near ? "unknown key '%s'; did you mean %s?"
				      : "unknown key '%s'%s",
				 n->key, near ? near : "");
		}
	}
	if (!imp_yaml_get(s->root, "imprint"))
		imp_diag(&s->diags, (struct imp_mark){ 0 },
			 "imprint: 1 is missing: the format's version");
	else
		head_number(s, "imprint", 1, 1, &v);
	read_domain(s);
	read_sequence(s);
	read_epochs(s);
	read_label(s);
	read_replaces(s);
	if (s->options.has_generation)
		s->generation = s->options.generation;
	else if (head_number(s, "generation", 0, UINT32_MAX, &v))
		s->generation = (uint32_t)v;
	s->target = imp_yaml_get(s->root, "target");
	s->settings = imp_yaml_get(s->root, "settings");
	if (!s->target || s->target->kind != IMP_YAML_MAP)
		imp_diag(&s->diags, mark_of(s->target),
			 "target: expected {imei: ...} or {ueid: ...}");
	if (!s->settings || s->settings->kind != IMP_YAML_MAP)
		imp_diag(&s->diags, mark_of(s->settings),
			 "settings: expected OBJECT: {RESOURCE: VALUE}");
}
