/* SPDX-License-Identifier: Apache-2.0 */
/* The head of a profile: everything but its variables and settings. */
#include <string.h>

#include "base/digits.h"
#include "source/build.h"
#include "source/describe.h"

static struct imp_mark mark_of(const struct imp_yaml *n)
{
	return n ? n->mark : (struct imp_mark){ 0 };
}

static void wrong_number(struct imp_profile_source *s, const struct imp_yaml *n,
			 const char *key, uint64_t min, uint64_t max)
{
	const char *text = n->text ? n->text : "a list or map";

	if (min == max)
		imp_diag(&s->diags, n->mark, "%s '%.40s': expected %llu", key, text,
			 (unsigned long long)min);
	else
		imp_diag(&s->diags, n->mark,
			 "%s '%.40s': expected a number from %llu to %llu", key, text,
			 (unsigned long long)min, (unsigned long long)max);
}

static bool head_number(struct imp_profile_source *s, const char *key, uint64_t min,
			uint64_t max, uint64_t *out)
{
	const struct imp_yaml *n = imp_yaml_get(s->root, key);

	if (!n)
		return false;
	if (!n->text || !parse_uint(n->text, max, out) || *out < min) {
		wrong_number(s, n, key, min, max);
		return false;
	}
	return true;
}

static void read_domain(struct imp_profile_source *s)
{
	static const char *const names[] = { "owner", "network", "service" };
	const struct imp_yaml *n = imp_yaml_get(s->root, "domain");
	uint64_t v = 0;

	for (uint32_t i = 0; n && n->text && i < COUNTOF(names); i++)
		if (strcmp(n->text, names[i]) == 0) {
			s->domain = i;
			return;
		}
	if (!n)
		imp_diag(&s->diags, mark_of(n),
			 "domain is missing: owner, network, service, or 0 to 15");
	else if (!n->text || !parse_uint(n->text, IMP_DOMAINS - 1, &v)) {
		s->diags.near =
			imp_nearest(n->text ? n->text : "", names, COUNTOF(names));
		imp_diag(&s->diags, n->mark,
			 "domain '%.40s': expected owner, network, service, or 0 to 15",
			 n->text ? n->text : "a list or map");
	}
	s->domain = (uint32_t)v;
}

static void read_epochs(struct imp_profile_source *s)
{
	const struct imp_yaml *n = imp_yaml_get(s->root, "epochs");
	const struct imp_yaml *a = n ? n->child : NULL, *b = a ? a->next : NULL;
	uint64_t owner = 1, domain = 0;

	if (s->options.has_epochs) {
		owner = s->options.epochs[0];
		domain = s->options.epochs[1];
	} else if (n && (n->kind != IMP_YAML_LIST || n->count != 2 || !a->text ||
			 !b->text || !parse_uint(a->text, UINT32_MAX, &owner) ||
			 !parse_uint(b->text, UINT32_MAX, &domain))) {
		imp_diag(&s->diags, n->mark,
			 "epochs: expected [OWNER-EPOCH, DOMAIN-EPOCH], two numbers");
	}
	s->epochs[0] = (uint32_t)owner;
	s->epochs[1] = (uint32_t)domain;
	/* Every device would refuse it. */
	if (s->domain == 0 && domain != 0)
		imp_diag(&s->diags, mark_of(n),
			 "epochs: the owner's domain has domain-epoch 0, always");
}

static void read_label(struct imp_profile_source *s)
{
	s->label = imp_yaml_get(s->root, "profile");
	if (s->label && !s->label->text) {
		imp_diag(&s->diags, s->label->mark, "profile: expected a label");
		s->label = NULL;
	}
}

static void read_replaces(struct imp_profile_source *s)
{
	const struct imp_yaml *n = imp_yaml_get(s->root, "replaces");
	struct imp_writer w = imp_writer(s->replaces, sizeof(s->replaces));

	if (!n)
		return;
	s->has_replaces = n->text && imp_from_hex(imp_span_str(n->text), &w) && w.ok &&
			  w.len == sizeof(s->replaces);
	if (!s->has_replaces)
		imp_diag(&s->diags, n->mark,
			 "replaces: expected the id of a profile, 64 hex digits");
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

static void check_kind(struct imp_profile_source *s, const struct imp_yaml *n,
		       enum imp_yaml_kind kind, const char *expected)
{
	if (!n || n->kind != kind || n->count == 0)
		imp_diag(&s->diags, mark_of(n), "%s", expected);
}

void head_read(struct imp_profile_source *s)
{
	static const char *const keys[] = { "imprint",	 "profile",  "domain",
					    "sequence",	 "epochs",   "generation",
					    "replaces",	 "target",   "endpoint",
					    "variables", "settings", "objects",
					    NULL };
	struct reading r = { .diags = &s->diags };
	uint64_t v = 0;

	check_keys(&r, s->root, keys);
	for (const struct imp_yaml *n = s->root->child; n; n = n->next)
		if (names_object(&s->catalog, n->key))
			imp_diag(&s->diags, n->key_mark,
				 "'%.40s' is an object: indent it below settings:",
				 n->key);
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
	check_kind(s, s->target, IMP_YAML_MAP,
		   "target: expected {imei: ...} or {ueid: ...}");
	check_kind(s, s->settings, IMP_YAML_MAP,
		   "settings: expected OBJECT: {RESOURCE: VALUE}");
}
