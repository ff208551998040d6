/* SPDX-License-Identifier: Apache-2.0 */
/* Records: which fields each type has, and what it is found by. */
#include <string.h>

#include "ledger/record.h"

enum kind { UINT, BYTES, TEXT };

struct field {
	uint8_t key; /* in the map */
	enum kind kind;
	size_t offset;
	size_t min, max; /* bytes */
};

/* In the order of the map. */
enum {
	TIME,
	STATION,
	TOOL,
	NAME,
	UEID,
	SIGNING,
	SEALING,
	ASSURANCE,
	REASON,
	OBJECT,
	ISSUER,
	DOMAIN,
	OWNER_EPOCH,
	DOMAIN_EPOCH,
	SEQUENCE,
	ITEM,
	ORDER,
	USED,
	AFTER,
	CODE,
	NONCE,
	BOOT,
	COUNT,
	KEY,
	CONTENT,
	SUBJECT,
	CHALLENGE,
	BEACON,
	R,
	FIELDS,
};

#define AT(member) offsetof(struct imp_record, member)

static const struct field fields[FIELDS] = {
	[TIME] = { 1, UINT, AT(time), 0, 0 },
	[STATION] = { 2, TEXT, AT(station), 1, 64 },
	[TOOL] = { 3, TEXT, AT(tool), 1, 64 },
	[NAME] = { 4, TEXT, AT(name), 1, 128 },
	[UEID] = { 5, BYTES, AT(ueid), 7, 33 },
	[SIGNING] = { 6, BYTES, AT(signing), 32, 32 },
	[SEALING] = { 7, BYTES, AT(sealing), 32, 32 },
	[ASSURANCE] = { 8, UINT, AT(assurance), 0, 0 },
	[REASON] = { 9, TEXT, AT(reason), 1, IMP_REASON_MAX },
	[OBJECT] = { 10, BYTES, AT(object), 32, 32 },
	[ISSUER] = { 11, BYTES, AT(issuer), 32, 32 },
	[DOMAIN] = { 12, UINT, AT(domain), 0, 0 },
	[OWNER_EPOCH] = { 13, UINT, AT(owner_epoch), 0, 0 },
	[DOMAIN_EPOCH] = { 14, UINT, AT(domain_epoch), 0, 0 },
	[SEQUENCE] = { 15, UINT, AT(sequence), 0, 0 },
	[ITEM] = { 16, BYTES, AT(item), 32, 32 },
	[ORDER] = { 17, BYTES, AT(order), 32, 32 },
	[USED] = { 18, UINT, AT(used), 0, 0 },
	[AFTER] = { 19, UINT, AT(after), 0, 0 },
	[CODE] = { 20, UINT, AT(code), 0, 0 },
	[NONCE] = { 21, BYTES, AT(nonce), 32, 32 },
	[BOOT] = { 22, UINT, AT(boot), 0, 0 },
	[COUNT] = { 23, UINT, AT(count), 0, 0 },
	[KEY] = { 24, BYTES, AT(key), 32, 80 },
	[CONTENT] = { 25, BYTES, AT(bytes), 1, IMP_OBJECT_IN_RECORD },
	[SUBJECT] = { 26, BYTES, AT(subject), 7, 33 },
	[CHALLENGE] = { 27, BYTES, AT(challenge), 32, 32 },
	[BEACON] = { 28, BYTES, AT(beacon), 32, 32 },
	[R] = { 29, BYTES, AT(r), 16, 16 },
};

#define F(name) (1u << (name))

/* Every record may say where and with what it was written. */
#define ANY    (F(STATION) | F(TOOL))
#define CLAIMS (F(DOMAIN) | F(OWNER_EPOCH) | F(DOMAIN_EPOCH) | F(SEQUENCE))
#define STEP   (F(TIME) | F(ITEM) | F(OBJECT))
#define TAKEN  (ANY | F(UEID) | F(ORDER) | F(USED) | F(AFTER) | F(REASON))

struct type {
	enum imp_leaf type;
	const char *name;
	uint32_t must, may; /* bits of fields */
};

static const struct type types[] = {
	{ IMP_LEAF_LEDGER, "ledger", F(TIME) | F(NAME), ANY },
	{ IMP_LEAF_KEY, "key", F(TIME) | F(NAME) | F(SIGNING) | F(KEY), ANY },
	{ IMP_LEAF_ONLY_ISSUED, "only-issued", F(TIME) | F(NAME) | F(REASON), ANY },
	{ IMP_LEAF_DEVICE, "device",
	  F(TIME) | F(UEID) | F(SIGNING) | F(SEALING) | F(ASSURANCE) | F(CONTENT),
	  ANY | F(REASON) },
	{ IMP_LEAF_CONFIRM, "confirmed", F(TIME) | F(UEID) | F(SIGNING),
	  ANY | F(REASON) },
	{ IMP_LEAF_QUARANTINE, "quarantined", F(TIME) | F(UEID) | F(REASON), ANY },
	{ IMP_LEAF_RETIRE, "retired", F(TIME) | F(UEID) | F(REASON), ANY },
	{ IMP_LEAF_REINSTATE, "reinstated", F(TIME) | F(UEID) | F(REASON), ANY },
	{ IMP_LEAF_ISSUE, "issued", F(TIME) | F(UEID) | F(OBJECT) | F(ISSUER) | CLAIMS,
	  ANY | F(ORDER) },
	{ IMP_LEAF_RESERVED, "reserved", STEP, TAKEN },
	{ IMP_LEAF_SENT, "sent", STEP, TAKEN },
	{ IMP_LEAF_PROVEN, "proven", STEP, TAKEN },
	{ IMP_LEAF_RELEASED, "released", STEP | F(REASON), TAKEN },
	{ IMP_LEAF_WRITTEN_OFF, "written-off", STEP | F(REASON), TAKEN },
	{ IMP_LEAF_DELIVERY, "delivery",
	  F(TIME) | F(UEID) | F(OBJECT) | F(CODE) | F(ASSURANCE), ANY | F(REASON) },
	{ IMP_LEAF_EVIDENCE, "evidence",
	  F(TIME) | F(UEID) | F(SIGNING) | F(KEY) | F(NONCE) | F(BOOT) | F(COUNT) |
		  F(CODE) | F(CONTENT),
	  ANY | F(OBJECT) | F(ISSUER) | F(CHALLENGE) | F(BEACON) | F(R) },
	{ IMP_LEAF_ORDER, "order", F(TIME) | F(OBJECT) | F(CONTENT), ANY },
	{ IMP_LEAF_GRANT, "grant", F(TIME) | F(OBJECT) | F(CONTENT), ANY },
	{ IMP_LEAF_REVOKE, "revoked", F(TIME) | F(OBJECT) | F(SEQUENCE) | F(SUBJECT),
	  ANY | F(REASON) },
	{ IMP_LEAF_LIST, "list", F(TIME) | F(OBJECT) | F(ISSUER) | F(SEQUENCE), ANY },
	{ IMP_LEAF_LIST_PART, "list-part",
	  F(TIME) | F(OBJECT) | F(ISSUER) | F(SEQUENCE) | F(KEY) | F(CONTENT), ANY },
	{ IMP_LEAF_FORGOTTEN, "forgotten", F(TIME) | F(REASON) | F(CONTENT), ANY },
};

static const struct type *type_row(enum imp_leaf type)
{
	for (size_t i = 0; i < COUNTOF(types); i++)
		if (types[i].type == type)
			return &types[i];
	return NULL;
}

const char *imp_leaf_name(enum imp_leaf type)
{
	const struct type *row = type_row(type);

	return row ? row->name : "unknown";
}

static uint64_t number_in(const struct imp_record *r, const struct field *f)
{
	return *(const uint64_t *)((const char *)r + f->offset);
}

static struct imp_span span_in(const struct imp_record *r, const struct field *f)
{
	return *(const struct imp_span *)((const char *)r + f->offset);
}

static bool is_set(const struct imp_record *r, const struct field *f)
{
	return f->kind == UINT ? number_in(r, f) > 0 : span_in(r, f).len > 0;
}

/* The fields of a record: those that must be there and those that are. */
static uint32_t present(const struct imp_record *r, const struct type *type)
{
	uint32_t bits = type->must;

	for (unsigned i = 0; i < FIELDS; i++)
		if ((type->may & F(i)) && is_set(r, &fields[i]))
			bits |= F(i);
	return bits;
}

static void put_field(struct imp_writer *w, const struct imp_record *r,
		      const struct field *f)
{
	imp_cbor_put_uint(w, f->key);
	if (f->kind == UINT)
		imp_cbor_put_uint(w, number_in(r, f));
	else if (f->kind == BYTES)
		imp_cbor_put_bytes(w, span_in(r, f));
	else
		imp_cbor_put_text(w, span_in(r, f));
}

static bool fits(const struct imp_record *r, const struct field *f)
{
	if (f->kind == UINT)
		return number_in(r, f) <= INT64_MAX;
	return span_in(r, f).len >= f->min && span_in(r, f).len <= f->max &&
	       (f->kind != TEXT || imp_text_clean(span_in(r, f)));
}

int imp_record_encode(const struct imp_record *r, struct imp_writer *w,
		      struct imp_error *err)
{
	const struct type *type = type_row(r->type);
	uint32_t bits = type ? present(r, type) : 0;
	bool good = type;

	imp_cbor_put_map(w, (size_t)__builtin_popcount(bits));
	for (unsigned i = 0; i < FIELDS; i++) {
		if (!(bits & F(i)))
			continue;
		good &= fits(r, &fields[i]);
		put_field(w, r, &fields[i]);
	}
	return good && w->ok
		       ? 0
		       : imp_fail(err, IMP_EINTERNAL, "a record of type %s is not whole",
				  imp_leaf_name(r->type));
}

static void take_field(struct imp_cbor *c, const struct field *f, struct imp_record *r)
{
	void *at = (char *)r + f->offset;

	if (f->kind == UINT)
		*(uint64_t *)at = imp_cbor_uint_max(c, INT64_MAX);
	else
		*(struct imp_span *)at =
			f->kind == BYTES ? imp_cbor_bytes(c) : imp_cbor_text(c);
	if (!fits(r, f))
		imp_cbor_fail(c, "a field is too short or too long");
}

/* The keys are 1 to FIELDS, in that order. */
static unsigned field_of(uint64_t key)
{
	return key >= 1 && key <= FIELDS ? (unsigned)key - 1 : FIELDS;
}

static void take_fields(struct imp_cbor *c, const struct type *type, struct imp_record *r)
{
	size_t pairs = imp_cbor_map(c);
	uint32_t bits = 0;

	for (size_t i = 0; i < pairs && imp_cbor_ok(c); i++) {
		unsigned f = field_of(imp_cbor_uint(c));

		if (f == FIELDS || !((type->must | type->may) & F(f))) {
			imp_cbor_fail(c, "a field that this type does not have");
			return;
		}
		take_field(c, &fields[f], r);
		if ((type->may & F(f)) && !is_set(r, &fields[f]))
			imp_cbor_fail(c, "a field that says nothing");
		bits |= F(f);
	}
	if ((bits & type->must) != type->must)
		imp_cbor_fail(c, "a field is missing");
}

int imp_record_decode(enum imp_leaf type, struct imp_span in, struct imp_record *out,
		      struct imp_error *err)
{
	const struct type *row = type_row(type);
	struct imp_record r = { .type = type };
	struct imp_cbor_fault fault;
	struct imp_cbor c;
	int rc;

	if (!row)
		return imp_fail(err, IMP_EFORMAT, "a record of unknown type %d", type);
	if (imp_cbor_open(&c, in, IMP_CBOR_STRICT, &fault))
		return imp_cbor_refuse(&fault, "record", err);
	take_fields(&c, row, &r);
	rc = imp_cbor_finish(&c, "record", err);
	if (!rc)
		*out = r;
	return rc;
}

int imp_record_digest(struct imp_crypto *c, const uint8_t salt[IMP_SALT_LEN],
		      struct imp_span record, struct imp_hash *out)
{
	const struct imp_span part[] = { IMP_TEXT("imprint-leaf-1"),
					 { salt, IMP_SALT_LEN },
					 record };

	return imp_sha256(c, part, COUNTOF(part), out->byte);
}

void imp_leaf_put(struct imp_writer *w, enum imp_leaf type, const struct imp_hash *digest)
{
	imp_cbor_put_array(w, 3);
	imp_cbor_put_uint(w, 1);
	imp_cbor_put_uint(w, (uint64_t)type);
	imp_cbor_put_bytes(w, IMP_SPAN(digest->byte));
}

void imp_pair_put(const struct imp_record *r, struct imp_writer *w)
{
	imp_put_u8(w, (uint8_t)r->domain);
	imp_put_u32be(w, (uint32_t)r->owner_epoch);
	imp_put_u32be(w, (uint32_t)r->domain_epoch);
	imp_put_u64be(w, r->sequence);
	imp_put(w, r->ueid);
}

void imp_good_put(const struct imp_record *r, struct imp_writer *w)
{
	imp_put(w, r->signing);
	imp_put_u64be(w, r->boot);
	imp_put_u64be(w, r->count);
}

struct named {
	enum imp_leaf type;
	enum imp_ref_kind kind;
	unsigned field;
};

static const struct named named[] = {
	{ IMP_LEAF_KEY, IMP_REF_SIGNER, NAME },
	{ IMP_LEAF_ONLY_ISSUED, IMP_REF_RULE, NAME },
	{ IMP_LEAF_DEVICE, IMP_REF_REGISTRY, UEID },
	{ IMP_LEAF_DEVICE, IMP_REF_KEY, SIGNING },
	{ IMP_LEAF_DEVICE, IMP_REF_KEY, SEALING },
	{ IMP_LEAF_CONFIRM, IMP_REF_REGISTRY, UEID },
	{ IMP_LEAF_QUARANTINE, IMP_REF_REGISTRY, UEID },
	{ IMP_LEAF_RETIRE, IMP_REF_REGISTRY, UEID },
	{ IMP_LEAF_REINSTATE, IMP_REF_REGISTRY, UEID },
	{ IMP_LEAF_ISSUE, IMP_REF_DEVICE, UEID },
	{ IMP_LEAF_ISSUE, IMP_REF_OBJECT, OBJECT },
	{ IMP_LEAF_ISSUE, IMP_REF_PAIR, FIELDS },
	{ IMP_LEAF_RESERVED, IMP_REF_ITEM, ITEM },
	{ IMP_LEAF_RESERVED, IMP_REF_ORDER, ORDER },
	{ IMP_LEAF_SENT, IMP_REF_ITEM, ITEM },
	{ IMP_LEAF_PROVEN, IMP_REF_ITEM, ITEM },
	{ IMP_LEAF_RELEASED, IMP_REF_ITEM, ITEM },
	{ IMP_LEAF_RELEASED, IMP_REF_ORDER, ORDER },
	{ IMP_LEAF_WRITTEN_OFF, IMP_REF_ITEM, ITEM },
	{ IMP_LEAF_DELIVERY, IMP_REF_DEVICE, UEID },
	{ IMP_LEAF_EVIDENCE, IMP_REF_DEVICE, UEID },
	{ IMP_LEAF_EVIDENCE, IMP_REF_EVIDENCE, SIGNING },
	{ IMP_LEAF_EVIDENCE, IMP_REF_NONCE, NONCE },
	{ IMP_LEAF_EVIDENCE, IMP_REF_GOOD, FIELDS },
	{ IMP_LEAF_ORDER, IMP_REF_GIVEN, OBJECT },
	{ IMP_LEAF_GRANT, IMP_REF_GIVEN, OBJECT },
	{ IMP_LEAF_REVOKE, IMP_REF_REVOKED, SUBJECT },
	{ IMP_LEAF_LIST, IMP_REF_LIST, ISSUER },
	{ IMP_LEAF_LIST_PART, IMP_REF_GIVEN, OBJECT },
};

/* One key may be a device's for signing and for sealing. */
static bool is_there(const struct imp_refs *refs, const struct imp_ref *ref)
{
	for (size_t i = 0; i < refs->count; i++)
		if (refs->ref[i].kind == ref->kind &&
		    imp_span_eq(refs->ref[i].key, ref->key))
			return true;
	return false;
}

/* A key of several fields; empty where it is not found by it. */
static struct imp_span composed(const struct imp_record *r, enum imp_ref_kind kind,
				struct imp_writer *w)
{
	if (kind == IMP_REF_PAIR)
		imp_pair_put(r, w);
	else if (r->code == 0)
		imp_good_put(r, w);
	return imp_written(w);
}

void imp_record_refs(const struct imp_record *r, struct imp_refs *out)
{
	struct imp_writer w = imp_writer(out->pair, sizeof(out->pair));

	out->count = 0;
	for (size_t i = 0; i < COUNTOF(named); i++) {
		struct imp_ref ref = { .kind = named[i].kind };

		if (named[i].type != r->type)
			continue;
		ref.key = named[i].field == FIELDS ? composed(r, ref.kind, &w)
						   : span_in(r, &fields[named[i].field]);
		if (ref.key.len > 0 && !is_there(out, &ref))
			out->ref[out->count++] = ref;
	}
}
