/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole agent, driven by arbitrary requests and by good objects that the input spoils:
 * nothing but a good object is ever applied, chains only grow, what a reboot brings back
 * is what was there, and a cut leaves the old state or the new one.
 *
 * The input is a script: an op, then what it needs.
 *
 *   0..7         request: command = op, u16 length, body
 *   8..15        object: which, u8 count, count times (u16 offset, u8 xor)
 *   16..23       the same, with the power cut at operation (u8)
 *   24..29       reboot
 *   30, 31       challenge: which, u8 count, count times (u16 offset, u8 xor)
 */
#include <string.h>

#include "fuzz.h"
#include "object/challenge.h"
#include "object/command.h"
#include "object/grant.h"
#include "object/profile.h"
#include "object/seal.h"
#include "object/signed.h"
#include "ram/ram.h"
#include "wire/message.h"

enum { STEPS = 32, OBJECT = 2048, OBJECTS = 16 };

/* The object that is signed as one of a batch. */
enum { LEAF = 15 };

/* Parties: each of the first three may sign objects of the next; the tenant follows the
 * owner, and the maker gives the device back. */
enum { OWNER, TENANT, DEPUTY, MAKER, PARTIES };

static struct imp_crypto *crypto;
static struct ram r;
static struct imp_signer party[PARTIES];
static uint8_t key[PARTIES][32], kid[PARTIES][32];
static const uint8_t zeros[32];

static struct object {
	uint8_t bytes[OBJECT];
	size_t len;
} object[OBJECTS], challenge[2]; /* by the owner, by the tenant */

static int party_sign(void *ctx, const struct imp_span *part, size_t count,
		      uint8_t sig[64])
{
	return imp_soft_sign(crypto, IMP_ALG_ES256, ctx, part, count, sig);
}

static struct imp_writer room_for(unsigned which)
{
	return imp_writer(object[which].bytes, OBJECT);
}

static void keep(unsigned which, const struct imp_writer *w)
{
	MUST(w->ok);
	object[which].len = w->len;
}

/* record: of the owner before, then of this one. */
static void make_transfer(unsigned which, unsigned issuer, unsigned to,
			  struct imp_transfer t, uint8_t record[32])
{
	const struct imp_signer both[] = { party[to],
					   party[issuer == to ? MAKER : issuer] };
	uint8_t buf[512];
	struct imp_writer p = imp_writer(buf, sizeof(buf)), w = room_for(which);
	struct imp_signed s;

	t.target.ueid = IMP_SPAN(r.ueid);
	t.owner = party[to].pub;
	t.previous = (struct imp_span){ record, 32 };
	imp_transfer_encode(&t, &p);
	MUST(imp_signed_put_many(crypto, kid[issuer], both, 2, IMP_KIND_TRANSFER,
				 (struct imp_span){ 0 }, imp_written(&p), &w) == 0);
	MUST(imp_signed_decode(imp_written(&w), &s, NULL) == 0);
	MUST(imp_signed_id(crypto, &s, record) == 0);
	keep(which, &w);
}

/* Claim, transfer, recovery. */
static void make_transfers(unsigned claim, unsigned transfer, unsigned recovery)
{
	uint8_t record[32] = { 0 };
	const uint8_t drawn[16] = { 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7 };

	make_transfer(claim, OWNER, OWNER, (struct imp_transfer){ .owner_epoch = 1 },
		      record);
	make_transfer(transfer, OWNER, TENANT,
		      (struct imp_transfer){ .owner_epoch = 2,
					     .policy = IMP_POLICY_RECOVERY,
					     .has_kept = true,
					     .kept = 2 },
		      record);
	make_transfer(
		recovery, MAKER, OWNER,
		(struct imp_transfer){ .owner_epoch = 3, .recovery = IMP_SPAN(drawn) },
		record);
}

static void make_command(unsigned which, unsigned by, struct imp_command m)
{
	uint8_t buf[256];
	struct imp_writer p = imp_writer(buf, sizeof(buf)), w = room_for(which);

	m.target.ueid = IMP_SPAN(r.ueid);
	m.owner_epoch = by == TENANT ? 2 : 1;
	imp_command_encode(&m, &p);
	MUST(imp_signed_put_one(crypto, &party[by], IMP_KIND_COMMAND,
				(struct imp_span){ 0 }, imp_written(&p), &w, NULL) == 0);
	keep(which, &w);
}

/* {13: a grant of domain 1 from each party to the next, down to the holder}. */
static struct imp_span make_chain(unsigned holder, uint32_t domain_epoch,
				  uint8_t out[OBJECT])
{
	struct imp_span un = { 0 };

	for (unsigned i = 1; i <= holder; i++) {
		uint8_t target[64], payload[512], grant[OBJECT];
		struct imp_writer t = imp_writer(target, sizeof(target)),
				  p = imp_writer(payload, sizeof(payload)),
				  o = imp_writer(grant, sizeof(grant)),
				  w = imp_writer(out, OBJECT);
		const struct imp_target device = { .ueid = IMP_SPAN(r.ueid) };
		struct imp_grant g = { .holder = party[i].pub,
				       .domain = 1,
				       .objects = IMP_TEXT("\xa1\x0a\x82\x01\x03"),
				       .epochs = { 1, domain_epoch },
				       .sequences = { 1, 9 },
				       .depth = holder - i };

		imp_cbor_put_array(&t, 1);
		imp_target_put(&t, &device);
		g.targets = imp_written(&t);
		imp_grant_encode(&g, &p);
		MUST(imp_signed_put_one(crypto, &party[i - 1], IMP_KIND_GRANT, un,
					imp_written(&p), &o, NULL) == 0);
		imp_cbor_put_map(&w, 1);
		imp_cbor_put_int(&w, IMP_HDR_CHAIN);
		imp_put(&w, imp_written(&o));
		un = imp_written(&w);
	}
	return un;
}

/* The middle one of three leaves that a party signs together. */
static void put_leaf(unsigned by, struct imp_span un, struct imp_span payload,
		     struct imp_writer *w, uint8_t id[32])
{
	uint8_t header[128], batch[OBJECT], root[IMP_ROOT_MAX];
	struct imp_writer h = imp_writer(header, sizeof(header)),
			  b = imp_writer(batch, sizeof(batch)),
			  p = imp_writer(root, sizeof(root));
	const struct imp_path path = { .count = 2 }; /* of zeros */
	struct imp_batched leaf = { .payload = payload };
	struct imp_hash hash;
	struct imp_sign m;

	imp_batched_header_put(&h, kid[by], IMP_KIND_PROFILE);
	leaf.protected = imp_written(&h);
	MUST(imp_batched_id(crypto, &leaf, id) == 0);
	MUST(imp_batched_hash(crypto, id, &hash) == 0);
	MUST(imp_tree_node(crypto, &path.hash[0], &hash, &hash) == 0);
	MUST(imp_tree_node(crypto, &hash, &path.hash[1], &hash) == 0);
	leaf.root = (struct imp_root){ IMP_SPAN(hash.byte), 3, IMP_KIND_PROFILE, { 0 } };
	imp_root_encode(&leaf.root, &p);
	MUST(imp_signed_put_one(crypto, &party[by], IMP_KIND_BATCH, un, imp_written(&p),
				&b, NULL) == 0);
	MUST(imp_sign_decode(imp_written(&b), IMP_CBOR_STRICT, &m, NULL) == 0);
	MUST(imp_batched_put(w, &m, payload, 1, &path) == 0);
}

static void make_package(unsigned which, unsigned by, const struct imp_profile *profile)
{
	uint8_t buf[512], one[OBJECT], id[32], chain[OBJECT];
	struct imp_span un = make_chain(by, profile->epochs[1], chain);
	struct imp_writer p = imp_writer(buf, sizeof(buf)),
			  o = imp_writer(one, sizeof(one)), w = room_for(which);
	const struct imp_package_claims claims = {
		.ueid = IMP_SPAN(r.ueid),
		.profile_id = IMP_SPAN(id),
		.issuer = IMP_SPAN(kid[by]),
		.domain = profile->domain,
		.epochs = { profile->epochs[0], profile->epochs[1] },
		.sequence = profile->sequence,
	};

	imp_profile_encode(profile, &p);
	if (which == LEAF)
		put_leaf(by, un, imp_written(&p), &o, id);
	else
		MUST(imp_signed_put_one(crypto, &party[by], IMP_KIND_PROFILE, un,
					imp_written(&p), &o, id) == 0);
	MUST(imp_package_seal(crypto, &r.pub[1], &claims, imp_written(&o), &w) == 0);
	keep(which, &w);
}

static void make_profile(unsigned which, unsigned by, uint32_t domain, uint32_t epoch,
			 uint64_t sequence, struct imp_span settings)
{
	const struct imp_profile profile = {
		.domain = domain,
		.sequence = sequence,
		.target = { .ueid = IMP_SPAN(r.ueid) },
		.settings = settings,
		.salt = { zeros, IMP_PROFILE_SALT },
		.epochs = { 1, epoch },
	};

	make_package(which, by, &profile);
}

static void make_challenge(unsigned by)
{
	uint8_t buf[256], chain[OBJECT];
	struct imp_writer p = imp_writer(buf, sizeof(buf)),
			  w = imp_writer(challenge[by].bytes, OBJECT);
	const struct imp_challenge x = { .domain = by,
					 .target = { .ueid = IMP_SPAN(r.ueid) },
					 .beacon = IMP_SPAN(zeros),
					 .epochs = { 1 } };

	imp_challenge_encode(&x, &p);
	MUST(imp_signed_put_one(crypto, &party[by], IMP_KIND_CHALLENGE,
				make_chain(by, 0, chain), imp_written(&p), &w,
				NULL) == 0);
	challenge[by].len = w.len;
}

static void make_objects(void)
{
	const struct imp_span one = IMP_TEXT("\xa1\x0a\xa1\x01\xa1\x04\x01");
	const struct imp_span two = IMP_TEXT("\xa1\x0a\xa1\x02\xa1\x04\x01");
	const struct imp_span three = IMP_TEXT("\xa1\x0a\xa1\x03\xa1\x04\x01");

	make_transfers(0, 12, 13);
	make_profile(1, OWNER, 1, 0, 1, one);
	make_profile(2, OWNER, 1, 0, 2, two);
	make_profile(3, OWNER, 0, 0, 2, two);
	make_command(4, OWNER, (struct imp_command){ .op = IMP_OP_LOCK });
	make_command(5, OWNER,
		     (struct imp_command){
			     .op = IMP_OP_FLOOR, .domains = 2, .floor = { 0, 1 } });
	make_command(
		6, OWNER,
		(struct imp_command){ .op = IMP_OP_WIPE, .sequence = 1, .domains = 3 });
	make_command(7, OWNER,
		     (struct imp_command){ .op = IMP_OP_POLICY,
					   .sequence = 3,
					   .policy = IMP_POLICY_ALL });
	make_command(8, OWNER,
		     (struct imp_command){ .op = IMP_OP_DECOMMISSION, .sequence = 4 });
	make_command(14, TENANT, (struct imp_command){ .op = IMP_OP_LOCK });
	make_profile(9, TENANT, 1, 0, 3, three);
	make_profile(10, DEPUTY, 1, 2, 1, one);
	make_profile(11, TENANT, 1, 2, 3, three);
	make_challenge(OWNER);
	make_challenge(TENANT);
	make_profile(LEAF, TENANT, 1, 0, 4, three);
}

static void setup(void)
{
	if (crypto)
		return;
	MUST(imp_crypto_new(&crypto, NULL) == 0);
	ram_init(&r, crypto);
	for (unsigned i = 0; i < PARTIES; i++) {
		party[i] = (struct imp_signer){ .alg = IMP_ALG_ES256,
						.ctx = key[i],
						.sign = party_sign };
		ram_key(crypto, key[i], &party[i].pub);
		MUST(imp_cose_kid(crypto, &party[i].pub, kid[i]) == 0);
	}
	r.maker = party[MAKER].pub;
	r.board.maker = &r.maker;
	make_objects();
}

static struct imp_agent a;
static struct imp_agent_state before;

/* The answer's body. */
static struct imp_span ask(uint8_t id, struct imp_span body)
{
	static uint8_t in[IMP_SMP_HEADER + 4096 + 256], out[4096];
	const struct imp_smp smp = { .version = 1,
				     .group = IMP_GROUP_IMPRINT,
				     .id = id,
				     .op = id == IMP_DESCRIBE || id == IMP_HISTORY
						   ? IMP_SMP_READ
						   : IMP_SMP_WRITE };
	struct imp_writer w = imp_writer(in, sizeof(in)),
			  answer = imp_writer(out, sizeof(out));

	imp_smp_put_header(&w, &smp, body.len);
	imp_put(&w, body);
	imp_agent_handle(&a, imp_written(&w), &answer);
	MUST(answer.ok && answer.len > IMP_SMP_HEADER);
	return (struct imp_span){ out + IMP_SMP_HEADER, answer.len - IMP_SMP_HEADER };
}

static void push(struct imp_span bytes)
{
	static uint8_t buf[OBJECT + 256];
	uint8_t sha[32];
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	const struct imp_request q = { .has_off = true,
				       .has_len = true,
				       .len = (uint32_t)bytes.len,
				       .data = bytes,
				       .sha = IMP_SPAN(sha),
				       .nonce = IMP_SPAN(zeros) };

	MUST(imp_sha256(crypto, &bytes, 1, sha) == 0);
	imp_request_encode(&q, &w);
	ask(IMP_STAGE, imp_written(&w));
}

static bool is(const struct imp_agent_state *state)
{
	return memcmp(&a.state, state, sizeof(*state)) == 0;
}

/* Keys are made when they are first asked for; nothing else may have changed. */
static void nothing_was_applied(void)
{
	if (!before.enrolled && a.state.enrolled)
		MUST(!a.state.owned && a.state.head0.n == 0 && a.state.domains == 0);
	else
		MUST(is(&before));
}

static void chain_only_grew(const struct imp_head *was, const struct imp_head *now)
{
	MUST(now->n >= was->n && now->n <= was->n + 1);
	MUST(now->n > was->n || was->n == 0 || memcmp(now->h, was->h, 32) == 0);
}

static void chains_only_grew(void)
{
	chain_only_grew(&before.head0, &a.state.head0);
	for (unsigned i = 0; i < before.domains; i++) {
		unsigned k = 0;

		if (before.domain[i].head.n == 0) /* a floor alone may go */
			continue;

		while (k < a.state.domains &&
		       a.state.domain[k].domain != before.domain[i].domain)
			k++;
		MUST(k < a.state.domains);
		chain_only_grew(&before.domain[i].head, &a.state.domain[k].head);
	}
}

static void reboot(void)
{
	MUST(ram_boot(&r, &a) == 0);
}

/* Spoil a copy as the input says. */
static void spoil(struct imp_reader *in, const struct object *o, uint8_t bytes[OBJECT])
{
	unsigned spoils = imp_take_u8(in) % 8;

	memcpy(bytes, o->bytes, o->len);
	for (unsigned i = 0; i < spoils; i++) {
		size_t at = imp_take_u16be(in) % o->len;

		bytes[at] ^= imp_take_u8(in);
	}
}

/* Nobody but its owner and who holds a grant is told anything, and nothing changes. */
static void try_challenge(struct imp_reader *in)
{
	static uint8_t bytes[OBJECT], buf[OBJECT + 64];
	unsigned by = imp_take_u8(in) % 2;
	const struct object *o = &challenge[by];
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	const struct imp_request q = { .challenge = { bytes, o->len },
				       .r = { zeros, IMP_CHALLENGE_R } };
	bool good = a.state.owned && (by == OWNER || a.state.domains == 0 ||
				      a.state.domain[0].domain != 1 ||
				      a.state.domain[0].domain_epoch == 0);
	struct imp_response answer;

	spoil(in, o, bytes);
	good &= memcmp(bytes, o->bytes, o->len) == 0;
	imp_request_encode(&q, &w);
	MUST(imp_response_decode(ask(IMP_ATTEST, imp_written(&w)), &answer, NULL) == 0);
	MUST(good || (answer.failed && answer.rc == IMP_R_CHALLENGE));
	MUST(answer.failed || answer.evidence.len > 0);
	nothing_was_applied();
}

/* A good object, spoilt as the input says, with or without power to the end. */
static void try_object(struct imp_reader *in, bool cut)
{
	static struct imp_agent_state after;
	static uint8_t bytes[OBJECT];
	const struct object *o = &object[imp_take_u8(in) % OBJECTS];

	spoil(in, o, bytes);
	r.ops = 0;
	r.cut_at = cut ? 1u + imp_take_u8(in) : 0;
	push((struct imp_span){ bytes, o->len });
	if (memcmp(bytes, o->bytes, o->len) != 0) {
		nothing_was_applied();
	} else if (cut && r.ops >= r.cut_at) {
		reboot();
		chains_only_grew();
		memcpy(&after, &a.state, sizeof(after));
		reboot();
		MUST(is(&after));
	}
	chains_only_grew();
	r.cut_at = 0;
}

static void step(struct imp_reader *in)
{
	uint8_t op = imp_take_u8(in) % 32;

	memcpy(&before, &a.state, sizeof(before));
	if (op < 8) {
		size_t len = imp_take_u16be(in);

		ask(op, imp_take(in, len < in->rest.len ? len : in->rest.len));
		nothing_was_applied();
	} else if (op < 24) {
		try_object(in, op >= 16);
	} else if (op >= 30) {
		try_challenge(in);
	} else {
		reboot();
		MUST(is(&before));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imp_reader in = imp_reader((struct imp_span){ data, size });

	setup();
	memset(r.flash, 0xff, sizeof(r.flash));
	reboot();
	for (unsigned i = 0; i < STEPS && in.rest.len > 0; i++)
		step(&in);
	memcpy(&before, &a.state, sizeof(before));
	reboot();
	MUST(is(&before));
	return 0;
}
