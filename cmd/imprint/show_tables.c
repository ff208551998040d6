/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of our objects are called. */
#include "show_tables.h"
#include "cbor/reader.h"
#include "object/kind.h"

static const struct show_key cose_key[] = {
	{ 1, "kty", SHOW_PLAIN, NULL },
	{ 2, "kid", SHOW_PLAIN, NULL },
	{ 3, "alg", SHOW_ALG, NULL },
	{ 4, "key_ops", SHOW_PLAIN, NULL },
	{ -1, "crv", SHOW_PLAIN, NULL },
	{ -2, "x", SHOW_PLAIN, NULL },
	{ -3, "y", SHOW_PLAIN, NULL },
	{ -4, "d", SHOW_SECRET, NULL },
	{ 0 },
};

static const struct show_key symmetric_key[] = {
	{ 1, "kty", SHOW_PLAIN, NULL },
	{ 2, "kid", SHOW_PLAIN, NULL },
	{ 3, "alg", SHOW_ALG, NULL },
	{ -1, "k", SHOW_SECRET, NULL },
	{ 0 },
};

static const struct show_key cnf[] = { { 1, "COSE_Key", SHOW_MAP, cose_key }, { 0 } };

static const struct show_key target[] = {
	{ 256, "ueid", SHOW_PLAIN, NULL },
	{ 258, "oemid", SHOW_PLAIN, NULL },
	{ 259, "hwmodel", SHOW_PLAIN, NULL },
	{ -70000, "sealing kid", SHOW_PLAIN, NULL },
	{ 0 },
};

static const struct show_key claims[] = {
	{ 256, "ueid", SHOW_PLAIN, NULL },
	{ -70010, "profile id", SHOW_PLAIN, NULL },
	{ -70011, "issuer", SHOW_PLAIN, NULL },
	{ -70012, "domain", SHOW_PLAIN, NULL },
	{ -70013, "owner-epoch, domain-epoch, sequence", SHOW_PLAIN, NULL },
	{ 0 },
};

const struct show_key show_headers[] = {
	{ 1, "alg", SHOW_ALG, NULL },
	{ 2, "crit", SHOW_PLAIN, NULL },
	{ 3, "content type", SHOW_PLAIN, NULL },
	{ 4, "kid", SHOW_PLAIN, NULL },
	{ 5, "iv", SHOW_PLAIN, NULL },
	{ 6, "partial iv", SHOW_PLAIN, NULL },
	{ 13, "chain", SHOW_MESSAGE, NULL },
	{ 15, "claims", SHOW_MAP, claims },
	{ 16, "typ", SHOW_PLAIN, NULL },
	{ 32, "x5bag", SHOW_PLAIN, NULL },
	{ 33, "x5chain", SHOW_PLAIN, NULL },
	{ 34, "x5t", SHOW_PLAIN, NULL },
	{ 35, "x5u", SHOW_PLAIN, NULL },
	{ -1, "ephemeral key", SHOW_MAP, cose_key },
	{ -70030, "leaf", SHOW_LEAF, NULL },
	{ -70031, "size, index, path", SHOW_WRAPPED, NULL },
	{ 0 },
};

static const struct show_key profile[] = {
	{ 1, "version", SHOW_PLAIN, NULL },
	{ 2, "domain", SHOW_PLAIN, NULL },
	{ 3, "sequence", SHOW_PLAIN, NULL },
	{ 4, "target", SHOW_MAP, target },
	{ 5, "settings", SHOW_SETTINGS, NULL },
	{ 6, "salt", SHOW_SECRET, NULL },
	{ 8, "replaces", SHOW_PLAIN, NULL },
	{ 9, "owner-epoch, domain-epoch", SHOW_PLAIN, NULL },
	{ 10, "label", SHOW_PLAIN, NULL },
	{ 0 },
};

static const struct show_key transfer[] = {
	{ 1, "version", SHOW_PLAIN, NULL },
	{ 3, "new owner-epoch", SHOW_PLAIN, NULL },
	{ 4, "target", SHOW_MAP, target },
	{ 5, "new owner", SHOW_MAP, cose_key },
	{ 6, "approval", SHOW_PLAIN, NULL },
	{ 7, "policy", SHOW_POLICY, NULL },
	{ 8, "previous owner record", SHOW_PLAIN, NULL },
	{ 9, "kept domains", SHOW_PLAIN, NULL },
	{ 11, "recovery nonce", SHOW_PLAIN, NULL },
	{ 0 },
};

static const struct show_key command[] = {
	{ 1, "version", SHOW_PLAIN, NULL },
	{ 2, "op", SHOW_OP, NULL },
	{ 3, "sequence", SHOW_PLAIN, NULL },
	{ 4, "target", SHOW_MAP, target },
	{ 9, "epochs", SHOW_PLAIN, NULL },
	{ 12, "argument", SHOW_PLAIN, NULL },
	{ 0 },
};

static const struct show_key challenge[] = {
	{ 1, "version", SHOW_PLAIN, NULL },
	{ 2, "domain", SHOW_PLAIN, NULL },
	{ 4, "target", SHOW_MAP, target },
	{ 8, "beacon", SHOW_PLAIN, NULL },
	{ 9, "owner-epoch, domain-epoch", SHOW_PLAIN, NULL },
	{ 0 },
};

static const struct show_key card[] = {
	{ 1, "version", SHOW_PLAIN, NULL },
	{ 8, "signing key", SHOW_MAP, cnf },
	{ 10, "nonce", SHOW_PLAIN, NULL },
	{ 256, "ueid", SHOW_PLAIN, NULL },
	{ 258, "oemid", SHOW_PLAIN, NULL },
	{ 259, "hwmodel", SHOW_PLAIN, NULL },
	{ 260, "hwversion", SHOW_PLAIN, NULL },
	{ -70008, "sealing key", SHOW_MAP, cose_key },
	{ -70009, "objects", SHOW_PLAIN, NULL },
	{ -70014, "largest object, domains", SHOW_PLAIN, NULL },
	{ -70015, "identifiers", SHOW_PLAIN, NULL },
	{ 0 },
};

static const struct show_key component[] = {
	{ 1, "id", SHOW_PLAIN, NULL },
	{ 2, "measurement", SHOW_PLAIN, NULL },
	{ 3, "authorities", SHOW_PLAIN, NULL },
	{ 4, "flags", SHOW_PLAIN, NULL },
	{ 0 },
};

static const struct show_key evidence[] = {
	{ 10, "nonce", SHOW_PLAIN, NULL },
	{ 256, "ueid", SHOW_PLAIN, NULL },
	{ 258, "oemid", SHOW_PLAIN, NULL },
	{ 259, "hwmodel", SHOW_PLAIN, NULL },
	{ 260, "hwversion", SHOW_PLAIN, NULL },
	{ 263, "dbgstat", SHOW_PLAIN, NULL },
	{ 265, "eat_profile", SHOW_PLAIN, NULL },
	{ 267, "bootcount", SHOW_PLAIN, NULL },
	{ 273, "measurements", SHOW_COMPONENT, component },
	{ 2395, "lifecycle", SHOW_LIFE, NULL },
	{ -70020, "owner kid, owner-epoch, record", SHOW_PLAIN, NULL },
	{ -70021, "history heads", SHOW_PLAIN, NULL },
	{ -70022, "evidence count", SHOW_PLAIN, NULL },
	{ -70023, "policy", SHOW_POLICY, NULL },
	{ -70024, "anchor", SHOW_PLAIN, NULL },
	{ -70025, "recovery nonce", SHOW_PLAIN, NULL },
	{ -70026, "pairs", SHOW_PLAIN, NULL },
	{ 0 },
};

static const struct show_key credentials[] = {
	{ 1, "version", SHOW_PLAIN, NULL },
	{ 2, "domain", SHOW_PLAIN, NULL },
	{ 3, "sequence", SHOW_PLAIN, NULL },
	{ 8, "profile, SHA-256", SHOW_PLAIN, NULL },
	{ 12, "secrets", SHOW_SETTINGS, NULL },
	{ 13, "endpoint", SHOW_PLAIN, NULL },
	{ 256, "ueid", SHOW_PLAIN, NULL },
	{ 0 },
};

static const struct show_key batch[] = {
	{ 1, "version", SHOW_PLAIN, NULL }, { 2, "root", SHOW_PLAIN, NULL },
	{ 3, "size", SHOW_PLAIN, NULL },    { 4, "leaves", SHOW_PLAIN, NULL },
	{ 10, "label", SHOW_PLAIN, NULL },  { 0 },
};

static const struct show_key revocation[] = {
	{ 1, "version", SHOW_PLAIN, NULL },
	{ 3, "sequence", SHOW_PLAIN, NULL },
	{ 13, "revoked keys", SHOW_PLAIN, NULL },
	{ 14, "revoked objects", SHOW_PLAIN, NULL },
	{ 15, "revoked devices", SHOW_PLAIN, NULL },
	{ 16, "part, of parts", SHOW_PLAIN, NULL },
	{ 0 },
};

static const struct show_key batch_head[] = {
	{ 0, "magic", SHOW_PLAIN, NULL },
	{ 1, "count", SHOW_PLAIN, NULL },
	{ 2, "kind", SHOW_PLAIN, NULL },
	{ 0 },
};

static const struct show_key *const payloads[IMP_KINDS] = {
	[IMP_KIND_PROFILE] = profile,
	[IMP_KIND_TRANSFER] = transfer,
	[IMP_KIND_COMMAND] = command,
	[IMP_KIND_CARD] = card,
	[IMP_KIND_ENDORSEMENT] = card,
	[IMP_KIND_EVIDENCE] = evidence,
	[IMP_KIND_CREDENTIALS] = credentials,
	[IMP_KIND_CHALLENGE] = challenge,
	[IMP_KIND_BATCH] = batch,
	[IMP_KIND_REVOCATION] = revocation,
};

const struct show_key *show_payload(struct imp_span typ)
{
	return payloads[imp_kind_of(typ)];
}

/* The integer keys of a map as a mask: bit k for 0..15, bits 16..20 for -1..-5. */
static uint32_t shape(struct imp_span map)
{
	struct imp_cbor c = { .in = map };
	size_t left = imp_cbor_map(&c);
	uint32_t mask = 0;

	while (imp_cbor_more(&c, &left)) {
		int64_t k = imp_cbor_peek(&c) == IMP_T_INT ? imp_cbor_int(&c) : 99;

		if (k == 99)
			imp_cbor_item(&c);
		imp_cbor_item(&c);
		if (k >= 0 && k < 16)
			mask |= 1u << k;
		else if (k < 0 && k >= -5)
			mask |= 1u << (15 - k);
	}
	return mask;
}

const struct show_key *show_guess(struct imp_span map)
{
	enum {
		HEAD = 1 << 0 | 1 << 1 | 1 << 2,
		PROFILE = 0x27e & ~(1 << 6),
		CREDENTIALS = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 8 | 1 << 12,
		CRV = 1 << 16,
		X = 1 << 17
	};
	uint32_t has = shape(map);

	if (has == HEAD)
		return batch_head;
	if ((has & PROFILE) == PROFILE && (has & 1 << 5))
		return profile;
	if ((has & ~(1u << 13)) == CREDENTIALS)
		return credentials;
	if ((has & 1 << 1) && (has & CRV))
		return has & X ? cose_key : symmetric_key;
	return NULL;
}
