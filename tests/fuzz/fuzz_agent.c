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
 *   24..31       reboot
 */
#include <string.h>

#include "agent/agent.h"
#include "crypto/host.h"
#include "fuzz.h"
#include "object/command.h"
#include "object/profile.h"
#include "object/seal.h"
#include "object/signed.h"
#include "wire/message.h"

enum { HALF = 8 * 1024, UNIT = 64, STEPS = 32, OBJECT = 1024, OBJECTS = 9 };

static struct imp_crypto *crypto;
static struct imp_pub pub[2]; /* the device's */
static struct imp_signer owner;
static uint8_t key[2][32], owner_key[32], owner_kid[32];
static const uint8_t ueid[15] = { 3, 4, 9 }, zeros[32];

static struct object {
	uint8_t bytes[OBJECT];
	size_t len;
} object[OBJECTS];

static uint8_t flash[2][HALF];
static unsigned ops, cut_at;

static bool powered(void)
{
	return ++ops < cut_at || cut_at == 0;
}

static int rd(void *c, unsigned half, uint32_t off, uint8_t *buf, size_t len)
{
	(void)c;
	MUST(off <= HALF && len <= HALF - off);
	memcpy(buf, flash[half] + off, len);
	return 0;
}

static int er(void *c, unsigned half)
{
	(void)c;
	if (!powered())
		return -1;
	memset(flash[half], 0xff, HALF);
	return 0;
}

static int wr(void *c, unsigned half, uint32_t off, const uint8_t *buf, size_t len)
{
	(void)c;
	MUST(off % UNIT == 0 && len % UNIT == 0 && off <= HALF && len <= HALF - off);
	if (!powered())
		return -1;
	for (size_t i = 0; i < len; i++)
		MUST(flash[half][off + i] == 0xff);
	memcpy(flash[half] + off, buf, len);
	return 0;
}

static int sy(void *c)
{
	(void)c;
	return powered() ? 0 : -1;
}

static int mk(void *c, enum imp_key_use use, struct imp_pub *out)
{
	(void)c;
	*out = pub[use];
	return 0;
}

static int sg(void *c, const struct imp_span *part, size_t count, uint8_t sig[64])
{
	(void)c;
	(void)part;
	(void)count;
	memset(sig, 1, 64); /* what the device says is not under test here */
	return 0;
}

static int ag(void *c, const struct imp_pub *peer, uint8_t z[32])
{
	(void)c;
	return imp_soft_agree(crypto, key[1], peer, z);
}

static int rn(void *c, uint8_t *out, size_t len)
{
	(void)c;
	memset(out, 7, len);
	return 0;
}

static int nw(void *c, struct imp_board_now *out)
{
	(void)c;
	*out = (struct imp_board_now){ 1, 2 };
	return 0;
}

static int ac(void *c, unsigned domain, struct imp_span settings)
{
	(void)c;
	MUST(domain < IMP_DOMAINS);
	MUST(settings.len == 0 || imp_settings_check(settings, NULL) == 0);
	return 0;
}

static int owner_sign(void *ctx, const struct imp_span *part, size_t count,
		      uint8_t sig[64])
{
	(void)ctx;
	return imp_soft_sign(crypto, IMP_ALG_ES256, owner_key, part, count, sig);
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

static void make_claim(unsigned which)
{
	uint8_t buf[512];
	struct imp_writer p = imp_writer(buf, sizeof(buf)), w = room_for(which);
	const struct imp_transfer t = {
		.owner_epoch = 1,
		.target = { .ueid = IMP_SPAN(ueid) },
		.owner = owner.pub,
		.previous = IMP_SPAN(zeros),
	};

	imp_transfer_encode(&t, &p);
	MUST(imp_signed_put_many(crypto, owner_kid, &owner, 1, IMP_KIND_TRANSFER,
				 (struct imp_span){ 0 }, imp_written(&p), &w) == 0);
	keep(which, &w);
}

static void make_command(unsigned which, struct imp_command m)
{
	uint8_t buf[256];
	struct imp_writer p = imp_writer(buf, sizeof(buf)), w = room_for(which);

	m.target.ueid = IMP_SPAN(ueid);
	m.owner_epoch = 1;
	imp_command_encode(&m, &p);
	MUST(imp_signed_put_one(crypto, &owner, IMP_KIND_COMMAND, (struct imp_span){ 0 },
				imp_written(&p), &w, NULL) == 0);
	keep(which, &w);
}

static void make_package(unsigned which, uint32_t domain, uint64_t sequence,
			 struct imp_span settings)
{
	uint8_t buf[512], one[512], id[32];
	struct imp_writer p = imp_writer(buf, sizeof(buf)),
			  o = imp_writer(one, sizeof(one)), w = room_for(which);
	const struct imp_profile profile = {
		.domain = domain,
		.sequence = sequence,
		.target = { .ueid = IMP_SPAN(ueid) },
		.settings = settings,
		.salt = { zeros, IMP_SALT_LEN },
		.epochs = { 1, 0 },
	};
	const struct imp_package_claims claims = {
		.ueid = IMP_SPAN(ueid),
		.profile_id = IMP_SPAN(id),
		.issuer = IMP_SPAN(owner_kid),
		.domain = domain,
		.epochs = { 1, 0 },
		.sequence = sequence,
	};

	imp_profile_encode(&profile, &p);
	MUST(imp_signed_put_one(crypto, &owner, IMP_KIND_PROFILE, (struct imp_span){ 0 },
				imp_written(&p), &o, id) == 0);
	MUST(imp_package_seal(crypto, &pub[1], &claims, imp_written(&o), &w) == 0);
	keep(which, &w);
}

static void setup(void)
{
	if (crypto)
		return;
	MUST(imp_crypto_new(&crypto, NULL) == 0);
	for (int i = 0; i < 2; i++)
		MUST(imp_soft_make(crypto, IMP_CRV_P256, key[i], &pub[i]) == 0);
	owner = (struct imp_signer){ .alg = IMP_ALG_ES256, .sign = owner_sign };
	MUST(imp_soft_make(crypto, IMP_CRV_P256, owner_key, &owner.pub) == 0);
	MUST(imp_cose_kid(crypto, &owner.pub, owner_kid) == 0);
	make_claim(0);
	make_package(1, 1, 1, IMP_TEXT("\xa1\x0a\xa1\x01\xa1\x04\x01"));
	make_package(2, 1, 2, IMP_TEXT("\xa1\x0a\xa1\x02\xa1\x04\x01"));
	make_package(3, 0, 2, IMP_TEXT("\xa1\x0a\xa1\x02\xa1\x04\x01"));
	make_command(4, (struct imp_command){ .op = IMP_OP_LOCK });
	make_command(5, (struct imp_command){
				.op = IMP_OP_FLOOR, .domains = 2, .floor = { 0, 1 } });
	make_command(6, (struct imp_command){
				.op = IMP_OP_WIPE, .sequence = 1, .domains = 3 });
	make_command(7, (struct imp_command){ .op = IMP_OP_POLICY,
					      .sequence = 3,
					      .policy = IMP_POLICY_ALL });
	make_command(8, (struct imp_command){ .op = IMP_OP_DECOMMISSION, .sequence = 4 });
}

static const struct imp_port port = { .read = rd,
				      .erase = er,
				      .write = wr,
				      .sync = sy,
				      .key_make = mk,
				      .key_sign = sg,
				      .key_agree = ag,
				      .random = rn,
				      .now = nw,
				      .activate = ac };

static struct imp_agent a;
static struct imp_agent_state before;

static void ask(uint8_t id, struct imp_span body)
{
	static uint8_t in[IMP_SMP_HEADER + 4096 + 256], out[4096];
	const struct imp_smp smp = { .version = 1,
				     .group = IMP_GROUP_IMPRINT,
				     .id = id,
				     .op = id == IMP_DESCRIBE || id == IMP_HISTORY
						   ? IMP_SMP_READ
						   : IMP_SMP_WRITE };
	struct imp_writer w = imp_writer(in, sizeof(in)),
			  r = imp_writer(out, sizeof(out));

	imp_smp_put_header(&w, &smp, body.len);
	imp_put(&w, body);
	imp_agent_handle(&a, imp_written(&w), &r);
	MUST(r.ok && r.len > IMP_SMP_HEADER);
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

		while (k < a.state.domains &&
		       a.state.domain[k].domain != before.domain[i].domain)
			k++;
		MUST(k < a.state.domains);
		chain_only_grew(&before.domain[i].head, &a.state.domain[k].head);
	}
}

static const struct imp_board board = {
	.ueid = { ueid, sizeof(ueid) },
	.oemid = 1,
	.hwmodel = { (const uint8_t *)"m", 1 },
	.objects = { (const uint8_t *)"\xa1\x0a\x63"
				      "1.1",
		     6 },
	.half_size = HALF,
	.write_unit = UNIT,
	.buffer = 4096,
	.cobs = true,
};

static void reboot(void)
{
	cut_at = 0;
	MUST(imp_agent_boot(&a, &board, &port, crypto) == 0);
}

/* A good object, spoilt as the input says, with or without power to the end. */
static void try_object(struct imp_reader *in, bool cut)
{
	static struct imp_agent_state after;
	static uint8_t bytes[OBJECT];
	const struct object *o = &object[imp_take_u8(in) % OBJECTS];
	unsigned spoils = imp_take_u8(in) % 8;

	memcpy(bytes, o->bytes, o->len);
	for (unsigned i = 0; i < spoils; i++) {
		size_t at = imp_take_u16be(in) % o->len;

		bytes[at] ^= imp_take_u8(in);
	}
	ops = 0;
	cut_at = cut ? 1u + imp_take_u8(in) : 0;
	push((struct imp_span){ bytes, o->len });
	if (memcmp(bytes, o->bytes, o->len) != 0) {
		nothing_was_applied();
	} else if (cut && ops >= cut_at) {
		reboot();
		chains_only_grew();
		memcpy(&after, &a.state, sizeof(after));
		reboot();
		MUST(is(&after));
	}
	chains_only_grew();
	cut_at = 0;
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
	} else {
		reboot();
		MUST(is(&before));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imp_reader in = imp_reader((struct imp_span){ data, size });

	setup();
	memset(flash, 0xff, sizeof(flash));
	reboot();
	for (unsigned i = 0; i < STEPS && in.rest.len > 0; i++)
		step(&in);
	memcpy(&before, &a.state, sizeof(before));
	reboot();
	MUST(is(&before));
	return 0;
}
