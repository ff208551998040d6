/* SPDX-License-Identifier: Apache-2.0 */
/* Responses other than describe: decode and encode. */
#include "wire/keys.h"
#include "wire/message.h"

static void take_group_error(struct imp_cbor *c, struct imp_response *r)
{
	size_t left = imp_cbor_map(c);

	r->failed = true;
	while (imp_cbor_more(c, &left)) {
		struct imp_span key = imp_cbor_text(c);

		if (imp_span_eq(key, IMP_TEXT("group")))
			r->group = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
		else if (imp_span_eq(key, IMP_TEXT("rc")))
			r->rc = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
		else
			imp_cbor_item(c);
	}
}

/* rc 0 is how older devices say "done". */
static void take_rc(struct imp_cbor *c, struct imp_response *r)
{
	r->rc = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
	r->failed |= r->rc != 0;
}

static void take_off(struct imp_cbor *c, struct imp_response *r)
{
	r->has_off = true;
	r->off = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
}

static void take_evidence(struct imp_cbor *c, struct imp_response *r)
{
	r->evidence = imp_cbor_bytes(c);
}

static void take_card(struct imp_cbor *c, struct imp_response *r)
{
	r->card = imp_cbor_bytes(c);
}

static void take_again(struct imp_cbor *c, struct imp_response *r)
{
	r->again = imp_cbor_bool(c);
}

static void take_total(struct imp_cbor *c, struct imp_response *r)
{
	r->has_total = true;
	r->total = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
}

static void take_base(struct imp_cbor *c, struct imp_response *r)
{
	r->base = imp_cbor_item(c);
}

static void take_entries(struct imp_cbor *c, struct imp_response *r)
{
	r->entries = imp_cbor_item(c);
}

static void take_echo(struct imp_cbor *c, struct imp_response *r)
{
	r->echo = imp_cbor_text(c);
}

static void take_buf_size(struct imp_cbor *c, struct imp_response *r)
{
	r->buf_size = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
}

static void take_buf_count(struct imp_cbor *c, struct imp_response *r)
{
	r->buf_count = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
}

static const struct {
	const char *key;
	void (*take)(struct imp_cbor *c, struct imp_response *r);
} fields[] = {
	{ "r", take_echo },
	{ "rc", take_rc },
	{ "err", take_group_error },
	{ "off", take_off },
	{ "base", take_base },
	{ "card", take_card },
	{ "again", take_again },
	{ "total", take_total },
	{ "entries", take_entries },
	{ "buf_size", take_buf_size },
	{ "evidence", take_evidence },
	{ "buf_count", take_buf_count },
};

int imp_response_decode(struct imp_span body, struct imp_response *out,
			struct imp_error *err)
{
	struct imp_cbor_fault fault;
	struct imp_response r = { 0 };
	struct imp_cbor c;
	size_t left;
	int rc;

	if (imp_cbor_open(&c, body, IMP_CBOR_LENIENT, &fault))
		return imp_cbor_refuse(&fault, "response", err);
	left = imp_cbor_map(&c);
	while (imp_cbor_more(&c, &left)) {
		struct imp_span key = imp_cbor_text(&c);
		size_t i = 0;

		while (i < COUNTOF(fields) &&
		       !imp_span_eq(key, imp_span_str(fields[i].key)))
			i++;
		if (i < COUNTOF(fields))
			fields[i].take(&c, &r);
		else
			imp_cbor_item(&c);
	}
	rc = imp_cbor_finish(&c, "response", err);
	if (!rc)
		*out = r;
	return rc;
}

static void put_error(struct imp_writer *w, const struct imp_response *r)
{
	imp_cbor_put_map(w, 1);
	if (r->group == 0 && r->rc != 0) {
		put_uint_if(w, "rc", true, r->rc);
		return;
	}
	put_key(w, "err");
	imp_cbor_put_map(w, 2);
	put_uint_if(w, "rc", true, r->rc);
	put_uint_if(w, "group", true, r->group);
}

void imp_response_encode(const struct imp_response *r, struct imp_writer *w)
{
	bool echo = r->echo.len > 0, params = r->buf_size > 0;

	if (r->failed) {
		put_error(w, r);
		return;
	}
	imp_cbor_put_map(w, (size_t)echo + r->has_off + (r->base.len > 0) +
				    (r->card.len > 0) + r->again + r->has_total +
				    (r->entries.len > 0) + 2u * params +
				    (r->evidence.len > 0));
	if (echo) {
		put_key(w, "r");
		imp_cbor_put_text(w, r->echo);
	}
	put_uint_if(w, "off", r->has_off, r->off);
	if (r->base.len > 0) {
		put_key(w, "base");
		imp_put(w, r->base);
	}
	put_bytes_if(w, "card", r->card);
	if (r->again) {
		put_key(w, "again");
		imp_cbor_put_bool(w, true);
	}
	put_uint_if(w, "total", r->has_total, r->total);
	if (r->entries.len > 0) {
		put_key(w, "entries");
		imp_put(w, r->entries);
	}
	put_bytes_if(w, "evidence", r->evidence);
	put_uint_if(w, "buf_size", params, r->buf_size);
	put_uint_if(w, "buf_count", params, r->buf_count);
}
