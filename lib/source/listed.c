/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that are made of parts: PLMNs, and what commas separate. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/wipe.h"
#include "model/identifier.h"
#include "source/build.h"

enum { PARTS_MAX = 4096 };

struct parts {
	char text[PARTS_MAX];
	size_t len; /* PARTS_MAX: it did not fit */
};

/* Does a part stand there already? */
static bool holds(const struct parts *p, const char *part, size_t len)
{
	for (const char *at = p->text; *at; at += strcspn(at, ","), at += *at == ',')
		if (strcspn(at, ",") == len && memcmp(at, part, len) == 0)
			return true;
	return false;
}

static void append(struct parts *p, const char *part)
{
	size_t room = PARTS_MAX - p->len;
	int n = snprintf(p->text + p->len, room, "%s%s", p->len ? "," : "", part);

	p->len = (size_t)n < room ? p->len + (size_t)n : PARTS_MAX;
}

static void once(const struct value *v, struct parts *p, const char *part)
{
	if (holds(p, part, strlen(part)))
		value_wrong(v, part, "stands there twice");
	append(p, part);
}

static void add_plmn(const struct value *v, struct parts *p, const char *part)
{
	char buf[128];
	const char *wrong = imp_identifier_wrong(IMP_ID_PLMN, part, buf);

	if (wrong)
		value_wrong(v, part, "%s", wrong);
	else
		once(v, p, part);
}

/* 00101, or 001,01 as it travels. */
static void add_pair(const struct value *v, struct parts *p, const char *part)
{
	bool split = strlen(part) > 3 && part[3] == ',';
	char buf[128], plmn[16], pair[16];
	const char *wrong;

	snprintf(plmn, sizeof(plmn), "%.3s%.11s", part,
		 strlen(part) < 3 ? "" : part + 3 + split);
	wrong = imp_identifier_wrong(IMP_ID_PLMN, plmn, buf);
	snprintf(pair, sizeof(pair), "%.3s,%.3s", plmn, wrong ? "" : plmn + 3);
	if (wrong)
		value_wrong(v, part, "%s", wrong);
	else
		append(p, pair);
}

static void add_plain(const struct value *v, struct parts *p, const char *part)
{
	if (!*part || strchr(part, ','))
		value_wrong(v, part, *part ? "has a comma in it" : "an empty part");
	else
		once(v, p, part);
}

static void add_seconds(const struct value *v, struct parts *p, const char *part)
{
	uint64_t cs = 0;
	char seconds[24];

	if (!parse_duration(part, IMP_UNIT_S, &cs) || cs % 100)
		value_wrong(v, part,
			    "expected a whole duration such as 20s, 10m, 10h or 2d");
	snprintf(seconds, sizeof(seconds), "%" PRIu64, cs / 100);
	append(p, seconds);
}

static const struct encoded {
	enum imp_encoding encoding;
	bool many;
	void (*add)(const struct value *v, struct parts *p, const char *part);
} encoded[] = {
	{ IMP_ENC_PLMN, false, add_plmn },
	{ IMP_ENC_PLMN_PAIR, false, add_pair },
	{ IMP_ENC_PLMN_LIST, true, add_plmn },
	{ IMP_ENC_LIST, true, add_plain },
	{ IMP_ENC_SECONDS_LIST, true, add_seconds },
};

static const struct encoded *find(const struct imp_resource *r)
{
	for (size_t i = 0; i < COUNTOF(encoded); i++)
		if (encoded[i].encoding == r->encoding)
			return &encoded[i];
	return NULL;
}

bool is_encoded_text(const struct imp_resource *r)
{
	return find(r) != NULL;
}

bool takes_list(const struct imp_resource *r)
{
	const struct encoded *e = find(r);

	return e && e->many;
}

static void put(const struct value *v, struct parts *p)
{
	const struct imp_span text = { (const uint8_t *)p->text,
				       p->len < PARTS_MAX ? p->len : 0 };

	if (p->len == PARTS_MAX)
		value_wrong(v, NULL, "is longer than %d bytes", PARTS_MAX - 1);
	else
		check_length(v, text);
	imp_cbor_put_text(v->w, text);
	imp_wipe(p, sizeof(*p));
}

void put_encoded_text(const struct value *v, struct imp_span text)
{
	const struct encoded *e = find(v->resource);
	struct parts p = { .len = 0 };
	char whole[PARTS_MAX] = "", *part = whole, *end;

	if (text.len >= sizeof(whole)) {
		p.len = PARTS_MAX;
		put(v, &p);
		return;
	}
	memcpy(whole, text.ptr, text.len);
	for (; e->many && (end = strchr(part, ',')) != NULL; part = end + 1) {
		*end = '\0';
		e->add(v, &p, part);
	}
	e->add(v, &p, part);
	put(v, &p);
	imp_wipe(whole, sizeof(whole));
}

void put_joined(const struct value *list)
{
	const struct encoded *e = find(list->resource);
	struct parts p = { .len = 0 };

	for (const struct imp_yaml *n = list->node->child; n; n = n->next) {
		struct value v = *list;
		const char *text = expand_value(&v, n);

		v.node = n;
		if (text && is_text(imp_span_str(text)))
			e->add(&v, &p, text);
		else if (text)
			value_wrong(&v, NULL, "is not UTF-8 without control characters");
	}
	put(list, &p);
}
