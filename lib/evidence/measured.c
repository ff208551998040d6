/* SPDX-License-Identifier: Apache-2.0 */
/* Measured components: one a domain, and the firmware. */
#include <string.h>

#include "evidence/measured.h"
#include "object/domains.h"
#include "object/fields.h"

enum {
	FORMAT = 295, /* CoAP content format of a measured component */
	ID = 1,
	MEASUREMENT = 2,
	AUTHORITIES = 3,
	FLAGS = 4,
	NAMED_SHA256 = 1, /* Named Information Hash Algorithm Registry */
	FLAGS_LEN = 8,
	HASH_LEN = 32,
	DIGITS = 20,
	COMPONENT_MAX = 160,
};

static const struct imp_span prefix = { (const uint8_t *)"imprint/", 8 };
static const struct imp_span firmware = { (const uint8_t *)"firmware", 8 };

/* Decimal without leading zeros, at most 2^63-1; anything else fails the cursor. */
static uint64_t number(struct imp_cbor *c, struct imp_span digits)
{
	uint64_t v = 0;
	bool ok = digits.len >= 1 && digits.len < DIGITS &&
		  (digits.len == 1 || digits.ptr[0] != '0');

	for (size_t i = 0; ok && i < digits.len; i++) {
		ok = digits.ptr[i] >= '0' && digits.ptr[i] <= '9' && v <= INT64_MAX / 10;
		v = v * 10 + (uint64_t)(digits.ptr[i] - '0');
	}
	if (!ok || v > INT64_MAX)
		imp_cbor_fail(c, "expected a decimal number in a component");
	return v;
}

static struct imp_span spell(uint64_t v, uint8_t buf[DIGITS])
{
	size_t at = DIGITS;

	do
		buf[--at] = (uint8_t)('0' + v % 10);
	while ((v /= 10) > 0);
	return (struct imp_span){ buf + at, DIGITS - at };
}

static struct imp_span take_hash(struct imp_cbor *c)
{
	imp_cbor_expect_array(c, 2);
	imp_cbor_expect_int(c, NAMED_SHA256);
	return imp_cbor_bytes_len(c, HASH_LEN, HASH_LEN);
}

/* u8 state, u8 domain, u16 0, u32 domain-epoch */
static void take_flags(struct imp_cbor *c, unsigned domain, struct imp_measured *m)
{
	struct imp_reader r = imp_reader(imp_cbor_bytes_len(c, FLAGS_LEN, FLAGS_LEN));
	unsigned state = imp_take_u8(&r);
	unsigned named = imp_take_u8(&r);
	unsigned zero = imp_take_u16be(&r);

	m->domain_epoch = imp_take_u32be(&r);
	m->state = state == IMP_DOMAIN_WIPED ? IMP_DOMAIN_WIPED : IMP_DOMAIN_SET;
	if (imp_cbor_ok(c) && (state < IMP_DOMAIN_SET || state > IMP_DOMAIN_WIPED ||
			       named != domain || zero != 0))
		imp_cbor_fail(c, "flags of a component are wrong");
}

static void take_domain(struct imp_cbor *c, struct imp_fields *f, struct imp_span digits,
			struct imp_evidence *out)
{
	const uint64_t named = number(c, digits);
	unsigned domain =
		named < IMP_EVIDENCE_DOMAINS ? (unsigned)named : IMP_EVIDENCE_DOMAINS;
	struct imp_measured m = { 0 };

	imp_cbor_expect_array(c, 1);
	m.sequence = number(c, imp_cbor_text(c));
	imp_field_need(f, MEASUREMENT);
	m.id = take_hash(c);
	imp_field_need(f, AUTHORITIES);
	imp_cbor_expect_array(c, 1);
	m.authority = imp_cbor_bytes_len(c, HASH_LEN, HASH_LEN);
	imp_field_need(f, FLAGS);
	take_flags(c, domain, &m);
	if (imp_cbor_ok(c) && (domain >= IMP_EVIDENCE_DOMAINS || out->used >> domain))
		imp_cbor_fail(c, "components are not in ascending order of domain");
	if (!imp_cbor_ok(c))
		return;
	out->used |= (uint16_t)(1u << domain);
	out->domain[domain] = m;
}

static void take_component(struct imp_cbor *c, struct imp_evidence *out)
{
	struct imp_fields f = imp_fields(c, false);
	struct imp_span name;
	size_t parts;

	imp_field_need(&f, ID);
	parts = imp_cbor_array(c);
	name = imp_cbor_text(c);
	if (imp_span_eq(name, firmware) && parts == 1 && out->firmware.len == 0) {
		imp_field_need(&f, MEASUREMENT);
		out->firmware = take_hash(c);
	} else if (parts == 2 && name.len > prefix.len &&
		   memcmp(name.ptr, prefix.ptr, prefix.len) == 0) {
		name.ptr += prefix.len;
		name.len -= prefix.len;
		take_domain(c, &f, name, out);
	} else {
		imp_cbor_fail(c, "a component that is neither a domain nor the firmware");
	}
	imp_fields_end(&f);
}

void imp_measurements_take(struct imp_cbor *c, struct imp_evidence *out)
{
	size_t n = imp_cbor_array(c);

	if (imp_cbor_ok(c) && n == 0)
		imp_cbor_fail(c, "no measurement");
	while (imp_cbor_more(c, &n)) {
		struct imp_cbor inner;
		struct imp_span wrapped;

		imp_cbor_expect_array(c, 2);
		imp_cbor_expect_int(c, FORMAT);
		wrapped = imp_cbor_bytes(c);
		if (!imp_cbor_ok(c))
			return;
		if (imp_cbor_open(&inner, wrapped, IMP_CBOR_STRICT, NULL)) {
			imp_cbor_fail(c, "a component is not one strict item");
			return;
		}
		take_component(&inner, out);
		if (!imp_cbor_done(&inner))
			imp_cbor_fail(c, inner.bad ? inner.bad : "a component");
	}
}

bool imp_measurements_any(const struct imp_evidence *e)
{
	return e->used != 0 || e->firmware.len > 0;
}

static void put_hash(struct imp_writer *w, struct imp_span hash)
{
	imp_cbor_put_int(w, MEASUREMENT);
	imp_cbor_put_array(w, 2);
	imp_cbor_put_int(w, NAMED_SHA256);
	imp_cbor_put_bytes(w, hash);
}

static void put_domain(struct imp_writer *w, unsigned domain,
		       const struct imp_measured *m)
{
	uint8_t digits[DIGITS], name[16], flags[FLAGS_LEN];
	struct imp_writer n = imp_writer(name, sizeof(name));
	struct imp_writer f = imp_writer(flags, sizeof(flags));

	imp_put(&n, prefix);
	imp_put(&n, spell(domain, digits));
	imp_put_u8(&f, (uint8_t)m->state);
	imp_put_u8(&f, (uint8_t)domain);
	imp_put_u16be(&f, 0);
	imp_put_u32be(&f, m->domain_epoch);

	imp_cbor_put_map(w, 4);
	imp_cbor_put_int(w, ID);
	imp_cbor_put_array(w, 2);
	imp_cbor_put_text(w, imp_written(&n));
	imp_cbor_put_array(w, 1);
	imp_cbor_put_text(w, spell(m->sequence, digits));
	put_hash(w, m->id);
	imp_cbor_put_int(w, AUTHORITIES);
	imp_cbor_put_array(w, 1);
	imp_cbor_put_bytes(w, m->authority);
	imp_cbor_put_int(w, FLAGS);
	imp_cbor_put_bytes(w, imp_written(&f));
}

static void put_firmware(struct imp_writer *w, struct imp_span digest)
{
	imp_cbor_put_map(w, 2);
	imp_cbor_put_int(w, ID);
	imp_cbor_put_array(w, 1);
	imp_cbor_put_text(w, firmware);
	put_hash(w, digest);
}

static void put_wrapped(struct imp_writer *w, struct imp_span component)
{
	imp_cbor_put_array(w, 2);
	imp_cbor_put_int(w, FORMAT);
	imp_cbor_put_bytes(w, component);
}

void imp_measurements_put(struct imp_writer *w, const struct imp_evidence *e)
{
	uint8_t buf[COMPONENT_MAX];

	imp_cbor_put_array(w, imp_domains_count(e->used) + (e->firmware.len > 0));
	for (unsigned d = 0; d < IMP_EVIDENCE_DOMAINS; d++) {
		struct imp_writer c = imp_writer(buf, sizeof(buf));

		if (!(e->used >> d & 1))
			continue;
		put_domain(&c, d, &e->domain[d]);
		put_wrapped(w, imp_written(&c));
	}
	if (e->firmware.len > 0) {
		struct imp_writer c = imp_writer(buf, sizeof(buf));

		put_firmware(&c, e->firmware);
		put_wrapped(w, imp_written(&c));
	}
}
