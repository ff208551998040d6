/* SPDX-License-Identifier: Apache-2.0 */
/* Describe: decode and encode. */
#include "wire/keys.h"
#include "wire/message.h"

enum { UEID_MIN = 7, UEID_MAX = 33, HWMODEL_MAX = 32, HASH_LEN = 32 };

static void take_versions(struct imp_cbor *c, struct imp_describe *d)
{
	size_t n = imp_cbor_array(c);

	while (imp_cbor_more(c, &n))
		d->v1 |= imp_cbor_uint(c) == IMP_PROTOCOL_VERSION;
}

static void take_framings(struct imp_cbor *c, struct imp_describe *d)
{
	size_t n = imp_cbor_array(c);

	while (imp_cbor_more(c, &n)) {
		struct imp_span framing = imp_cbor_text(c);

		d->cobs |= imp_span_eq(framing, IMP_TEXT("cobs"));
		d->bare |= imp_span_eq(framing, IMP_TEXT("bare"));
	}
}

static struct imp_span take_kid(struct imp_cbor *c)
{
	if (imp_cbor_peek(c) != IMP_T_NULL)
		return imp_cbor_bytes_len(c, HASH_LEN, HASH_LEN);
	imp_cbor_null(c);
	return (struct imp_span){ 0 };
}

/* An array of n items; devices may send it with indefinite length. */
static size_t take_array(struct imp_cbor *c, size_t n)
{
	size_t count = imp_cbor_array(c);

	if (imp_cbor_ok(c) && count != n && count != IMP_CBOR_OPEN)
		imp_cbor_fail(c, "array of another length than expected here");
	return count;
}

static void end_array(struct imp_cbor *c, size_t count)
{
	if (count == IMP_CBOR_OPEN && imp_cbor_more(c, &count))
		imp_cbor_fail(c, "array of another length than expected here");
}

static void take_owner(struct imp_cbor *c, struct imp_describe *d)
{
	size_t count;

	d->owned = imp_cbor_peek(c) != IMP_T_NULL;
	if (!d->owned) {
		imp_cbor_null(c);
		return;
	}
	count = take_array(c, 3);
	d->owner = imp_cbor_bytes_len(c, HASH_LEN, HASH_LEN);
	d->owner_epoch = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
	d->record = imp_cbor_bytes_len(c, HASH_LEN, HASH_LEN);
	end_array(c, count);
}

static void take_domains(struct imp_cbor *c, struct imp_describe *d)
{
	size_t left = imp_cbor_map(c);

	while (imp_cbor_more(c, &left)) {
		unsigned i = (unsigned)imp_cbor_uint_max(c, IMP_MESSAGE_DOMAINS - 1);
		size_t count = take_array(c, 3);

		d->domain[i].domain_epoch = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
		d->domain[i].sequence = imp_cbor_uint_max(c, INT64_MAX);
		d->domain[i].id = imp_cbor_bytes_len(c, HASH_LEN, HASH_LEN);
		end_array(c, count);
		d->domains |= (uint16_t)(1u << i);
	}
}

static void take_staged(struct imp_cbor *c, struct imp_describe *d)
{
	size_t left;

	d->staged = imp_cbor_peek(c) != IMP_T_NULL;
	if (!d->staged) {
		imp_cbor_null(c);
		return;
	}
	left = imp_cbor_map(c);
	while (imp_cbor_more(c, &left)) {
		struct imp_span key = imp_cbor_text(c);

		if (imp_span_eq(key, IMP_TEXT("off")))
			d->staged_off = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
		else if (imp_span_eq(key, IMP_TEXT("sha")))
			d->staged_sha = imp_cbor_bytes_len(c, HASH_LEN, HASH_LEN);
		else
			imp_cbor_item(c);
	}
}

static void take_oemid(struct imp_cbor *c, struct imp_describe *d)
{
	d->has_oemid = true;
	d->oemid = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
}

static void take_identity(struct imp_cbor *c, struct imp_describe *d)
{
	d->ueid = imp_cbor_bytes_len(c, UEID_MIN, UEID_MAX);
}

static void take_hwmodel(struct imp_cbor *c, struct imp_describe *d)
{
	d->hwmodel = imp_cbor_bytes_len(c, 1, HWMODEL_MAX);
}

static void take_life(struct imp_cbor *c, struct imp_describe *d)
{
	d->life = (uint32_t)imp_cbor_uint_max(c, UINT16_MAX);
}

static void take_buf(struct imp_cbor *c, struct imp_describe *d)
{
	d->buf = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
}

static void take_sign(struct imp_cbor *c, struct imp_describe *d)
{
	d->signing = take_kid(c);
}

static void take_seal(struct imp_cbor *c, struct imp_describe *d)
{
	d->sealing = take_kid(c);
}

static const struct {
	const char *key;
	void (*take)(struct imp_cbor *c, struct imp_describe *d);
} fields[] = {
	{ "v", take_versions },	       { "ueid", take_identity },
	{ "oemid", take_oemid },       { "hwmodel", take_hwmodel },
	{ "life", take_life },	       { "sign", take_sign },
	{ "seal", take_seal },	       { "owner", take_owner },
	{ "domains", take_domains },   { "buf", take_buf },
	{ "framings", take_framings }, { "staged", take_staged },
};

static void take_field(struct imp_cbor *c, struct imp_describe *d)
{
	struct imp_span key = imp_cbor_text(c);

	for (size_t i = 0; i < COUNTOF(fields); i++)
		if (imp_span_eq(key, imp_span_str(fields[i].key))) {
			fields[i].take(c, d);
			return;
		}
	imp_cbor_item(c);
}

int imp_describe_decode(struct imp_span body, struct imp_describe *out,
			struct imp_error *err)
{
	struct imp_cbor_fault fault;
	struct imp_describe d = { 0 };
	struct imp_cbor c;
	size_t left;
	int rc;

	if (imp_cbor_open(&c, body, IMP_CBOR_LENIENT, &fault))
		return imp_cbor_refuse(&fault, "describe", err);
	left = imp_cbor_map(&c);
	while (imp_cbor_more(&c, &left))
		take_field(&c, &d);
	rc = imp_cbor_finish(&c, "describe", err);
	if (rc)
		return rc;
	d.restricted = d.ueid.len == 0;
	*out = d;
	return 0;
}

static void put_kid(struct imp_writer *w, const char *key, struct imp_span kid)
{
	put_key(w, key);
	if (kid.len > 0)
		imp_cbor_put_bytes(w, kid);
	else
		imp_cbor_put_null(w);
}

static void put_owner(struct imp_writer *w, const struct imp_describe *d)
{
	put_key(w, "owner");
	if (!d->owned) {
		imp_cbor_put_null(w);
		return;
	}
	imp_cbor_put_array(w, 3);
	imp_cbor_put_bytes(w, d->owner);
	imp_cbor_put_uint(w, d->owner_epoch);
	imp_cbor_put_bytes(w, d->record);
}

static void put_domains(struct imp_writer *w, const struct imp_describe *d)
{
	size_t n = 0;

	for (unsigned i = 0; i < IMP_MESSAGE_DOMAINS; i++)
		n += d->domains >> i & 1;
	put_key(w, "domains");
	imp_cbor_put_map(w, n);
	for (unsigned i = 0; i < IMP_MESSAGE_DOMAINS; i++) {
		if (!(d->domains >> i & 1))
			continue;
		imp_cbor_put_uint(w, i);
		imp_cbor_put_array(w, 3);
		imp_cbor_put_uint(w, d->domain[i].domain_epoch);
		imp_cbor_put_uint(w, d->domain[i].sequence);
		imp_cbor_put_bytes(w, d->domain[i].id);
	}
}

static void put_staged(struct imp_writer *w, const struct imp_describe *d)
{
	put_key(w, "staged");
	if (!d->staged) {
		imp_cbor_put_null(w);
		return;
	}
	imp_cbor_put_map(w, 2);
	put_uint_if(w, "off", true, d->staged_off);
	put_bytes_if(w, "sha", d->staged_sha);
}

static void put_always(struct imp_writer *w, const struct imp_describe *d)
{
	put_key(w, "v");
	imp_cbor_put_array(w, 1);
	imp_cbor_put_uint(w, d->v1 ? IMP_PROTOCOL_VERSION : 0);
	put_uint_if(w, "buf", true, d->buf);
}

static void put_framings(struct imp_writer *w, const struct imp_describe *d)
{
	bool cobs = d->cobs && !d->bare;

	put_key(w, "framings");
	imp_cbor_put_array(w, 1u + cobs);
	imp_cbor_put_text(w, d->bare ? IMP_TEXT("bare") : IMP_TEXT("console"));
	if (cobs)
		imp_cbor_put_text(w, IMP_TEXT("cobs"));
}

void imp_describe_encode(const struct imp_describe *d, struct imp_writer *w)
{
	imp_cbor_put_map(w,
			 d->restricted ? 3 : 10u + d->has_oemid + (d->hwmodel.len > 0));
	put_always(w, d);
	if (d->restricted) {
		put_framings(w, d);
		return;
	}
	put_uint_if(w, "life", true, d->life);
	put_kid(w, "seal", d->sealing);
	put_kid(w, "sign", d->signing);
	put_bytes_if(w, "ueid", d->ueid);
	put_uint_if(w, "oemid", d->has_oemid, d->oemid);
	put_owner(w, d);
	put_staged(w, d);
	put_domains(w, d);
	put_bytes_if(w, "hwmodel", d->hwmodel);
	put_framings(w, d);
}
