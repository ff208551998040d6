/* SPDX-License-Identifier: Apache-2.0 */
/* Telling what differs, as text or as JSON. */
#include "base/digits.h"
#include "diff_result.h"
#include "json.h"

static const char *const verdicts[] = {
	[SAME] = "same",
	[DIFFERS] = "differs",
	[ONLY_FIRST] = "only-first",
	[ONLY_SECOND] = "only-second",
	[UNKNOWN] = "unknown",
};

static const struct held *known_of(const struct held *first, const struct held *second)
{
	return first && first->domain != NO_DOMAIN ? first : second;
}

static const uint8_t *id_of(const struct held *first, const struct held *second)
{
	if (second && second->has_id)
		return second->id;
	return first && first->has_id ? first->id : NULL;
}

bool diff_is_unproven(const struct held *first, const struct held *second)
{
	return (first && first->unproven) || (second && second->unproven);
}

static void put_verdict(const struct diff_report *d, const struct result *r,
			const struct held *first, const struct held *second)
{
	static const char *const words[] = {
		[NOT_BY_ID] = "differs",
		[SAME_ID] = "same profile",
		[OTHER_ID] = "another profile",
		[UNTOLD_ID] = "nobody says who signed, so it cannot be compared",
	};
	const uint8_t *id = id_of(first, second);
	char hex[24] = "";

	if (r->verdict == ONLY_FIRST || r->verdict == ONLY_SECOND)
		fprintf(d->f, "only in %s%s", d->name[r->verdict == ONLY_SECOND],
			first && second ? "; the device holds nothing there" : "");
	else
		fputs(r->verdict == SAME ? words[SAME_ID] : words[r->by_id], d->f);
	if (id && r->by_id != NOT_BY_ID) {
		imp_short_hex((struct imp_span){ id, 32 }, hex);
		fprintf(d->f, " (id %s...)", hex);
	}
	fputs(diff_is_unproven(first, second) ? ", unproven\n" : "\n", d->f);
}

static void put_text(const struct diff_report *d, const struct result *r,
		     const struct held *first, const struct held *second)
{
	const struct held *h = known_of(first, second);
	char name[80];

	if (r->verdict == SAME && !d->same)
		return;
	imp_device_name(held_ueid(h), name);
	fprintf(d->f, "%s, domain %u: ", name, h->domain);
	put_verdict(d, r, first, second);
	for (size_t i = 0; i < r->count; i++) {
		const struct change *c = &r->at[i];

		fprintf(d->f, "  %c %s: ", c->sign, c->what);
		if (c->sign == PASSED_OVER)
			fputs("(secret, not compared)\n", d->f);
		else if (c->secret)
			fputs(c->sign == CHANGED ? "(secret, differs)\n" : "(secret)\n",
			      d->f);
		else
			fprintf(d->f, "%.*s%s%.*s\n", (int)c->was.len,
				(const char *)c->was.ptr,
				c->sign == CHANGED ? " -> " : "", (int)c->is.len,
				(const char *)c->is.ptr);
	}
}

static void put_change(struct json *j, const struct change *c)
{
	static const struct {
		enum sign sign;
		const char *name;
	} signs[] = { { ADDED, "added" },
		      { REMOVED, "removed" },
		      { CHANGED, "changed" },
		      { PASSED_OVER, "not-compared" } };
	const struct imp_span none = { 0 };
	bool told = !c->secret && c->sign != PASSED_OVER;

	json_open(j, NULL, '{');
	json_str(j, "what", c->what);
	json_some(j, "numbers", imp_span_str(c->numbers));
	for (size_t i = 0; i < COUNTOF(signs); i++)
		if (signs[i].sign == c->sign)
			json_str(j, "change", signs[i].name);
	json_bool(j, "secret", c->secret);
	json_some(j, "first", told ? imp_secret_span(&c->was) : none);
	json_some(j, "second", told ? imp_secret_span(&c->is) : none);
	json_close(j, '}');
}

static void put_json(const struct diff_report *d, const struct result *r,
		     const struct held *first, const struct held *second)
{
	static const char *const profiles[] = {
		[NOT_BY_ID] = NULL,
		[SAME_ID] = "same",
		[OTHER_ID] = "another",
		[UNTOLD_ID] = "unknown",
	};
	const struct held *h = known_of(first, second);
	const uint8_t *id = id_of(first, second);
	struct json j = { .f = d->f, .first = true };
	char name[80];

	imp_device_name(held_ueid(h), name);
	json_open(&j, NULL, '{');
	json_str(&j, "device", name);
	json_hex(&j, "ueid", held_ueid(h));
	json_uint(&j, "domain", h->domain);
	json_str(&j, "result", verdicts[r->verdict]);
	json_str(&j, "profile", profiles[r->by_id]);
	json_hex(&j, "id", (struct imp_span){ id, id ? 32 : 0 });
	json_bool(&j, "unproven", diff_is_unproven(first, second));
	json_open(&j, "changes", '[');
	for (size_t i = 0; i < r->count; i++)
		put_change(&j, &r->at[i]);
	json_close(&j, ']');
	json_close(&j, '}');
	fputc('\n', d->f);
}

/* "70972dc7432ab195, owner-epoch 2", "nobody" */
static const char *owner_text(const struct held *h, char out[48])
{
	char kid[24];

	if (!h->owned)
		return "nobody";
	imp_short_hex(IMP_SPAN(h->owner), kid);
	snprintf(out, 48, "%s, owner-epoch %u", kid, h->epochs[0]);
	return out;
}

static void put_owner_change(struct json *j, const struct held *first,
			     const struct held *second)
{
	const struct imp_span none = { 0 };

	json_open(j, NULL, '{');
	json_str(j, "what", "owner");
	json_str(j, "numbers", NULL);
	json_str(j, "change", "changed");
	json_bool(j, "secret", false);
	json_hex(j, "first", first->owned ? IMP_SPAN(first->owner) : none);
	json_hex(j, "second", second->owned ? IMP_SPAN(second->owner) : none);
	json_close(j, '}');
}

static void put_owner_json(const struct diff_report *d, const struct held *first,
			   const struct held *second, const char *name)
{
	struct json j = { .f = d->f, .first = true };

	json_open(&j, NULL, '{');
	json_str(&j, "device", name);
	json_hex(&j, "ueid", held_ueid(first));
	json_str(&j, "domain", NULL);
	json_str(&j, "result", verdicts[DIFFERS]);
	json_str(&j, "profile", NULL);
	json_str(&j, "id", NULL);
	json_bool(&j, "unproven", diff_is_unproven(first, second));
	json_open(&j, "changes", '[');
	put_owner_change(&j, first, second);
	json_close(&j, ']');
	json_close(&j, '}');
	fputc('\n', d->f);
}

void diff_owner(struct diff_report *d, const struct held *first,
		const struct held *second)
{
	char name[80], was[48], is[48];

	if (first->owned == second->owned && first->epochs[0] == second->epochs[0] &&
	    imp_span_eq(IMP_SPAN(first->owner), IMP_SPAN(second->owner)))
		return;
	d->owners++;
	imp_device_name(held_ueid(first), name);
	if (d->json)
		put_owner_json(d, first, second, name);
	else
		fprintf(d->f, "%s: owner %s -> %s%s\n", name, owner_text(first, was),
			owner_text(second, is),
			diff_is_unproven(first, second) ? ", unproven" : "");
}

void diff_show(const struct diff_report *d, const struct result *r,
	       const struct held *first, const struct held *second)
{
	(d->json ? put_json : put_text)(d, r, first, second);
}
