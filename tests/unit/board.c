/* SPDX-License-Identifier: Apache-2.0 */
/* A board in RAM for the agent's tests. */
#include <criterion/criterion.h>
#include <string.h>

#include "board.h"
#include "cose/key.h"
#include "object/signed.h"

static int flash_read(void *ctx, unsigned half, uint32_t off, uint8_t *buf, size_t len)
{
	struct board *b = ctx;

	cr_assert(off + len <= BOARD_HALF);
	memcpy(buf, b->flash[half] + off, len);
	return 0;
}

/* The power went: of what was not synced, every other unit is lost. */
static void lose(struct board *b, unsigned first)
{
	uint32_t unit = b->constants.write_unit, units = b->constants.half_size / unit;

	for (unsigned half = 0; half < 2; half++)
		for (unsigned i = first; i < units; i += 2)
			memcpy(b->flash[half] + i * unit, b->synced[half] + i * unit,
			       unit);
}

/* Count one operation: 0 where it is to be done; 1 where it is the one that is cut; -1
 * where the power is gone. */
static int power(struct board *b)
{
	unsigned op = ++b->ops;

	if (op == b->fail_at)
		return -1;
	if (b->cut_at == 0 || op < b->cut_at)
		return 0;
	return op == b->cut_at ? 1 : -1;
}

/* The part of an operation on n bytes that is done. */
static int part_done(struct board *b, size_t n, size_t *from, size_t *to)
{
	int cut = power(b);

	*from = cut == 1 && b->cut == CUT_BACK ? n / 2 : 0;
	*to = cut < 0 || (cut && b->cut == CUT_CLEAN) ? 0
	      : cut && b->cut == CUT_FRONT	      ? n / 2
						      : n;
	return cut;
}

static int cut_short(struct board *b, int cut)
{
	if (cut == 1 && b->cut >= CUT_LOSES_EVEN)
		lose(b, b->cut == CUT_LOSES_ODD);
	return cut ? -1 : 0;
}

static int flash_erase(void *ctx, unsigned half)
{
	struct board *b = ctx;
	size_t from, to;
	int cut = part_done(b, b->constants.half_size, &from, &to);

	if (to > from)
		memset(b->flash[half] + from, 0xff, to - from);
	return cut_short(b, cut);
}

static int flash_write(void *ctx, unsigned half, uint32_t off, const uint8_t *buf,
		       size_t len)
{
	struct board *b = ctx;
	uint32_t unit = b->constants.write_unit;
	size_t from, to;
	int cut = part_done(b, len, &from, &to);

	cr_assert(off % unit == 0 && len % unit == 0 &&
		  off + len <= b->constants.half_size);
	for (size_t i = from; i < to; i++)
		cr_assert_eq(b->flash[half][off + i], 0xff,
			     "written twice without erase");
	if (to > from)
		memcpy(b->flash[half] + off + from, buf + from, to - from);
	return cut_short(b, cut);
}

static int flash_sync(void *ctx)
{
	struct board *b = ctx;
	int cut = power(b);

	if (cut == 0)
		memcpy(b->synced, b->flash, sizeof(b->flash));
	return cut_short(b, cut);
}

static int count(void *ctx, uint64_t *value, bool advance)
{
	struct board *b = ctx;

	if (advance && power(b) != 0)
		return -1;
	b->counted += advance;
	*value = b->counted;
	return 0;
}

static int key_make(void *ctx, enum imp_key_use use, struct imp_pub *pub)
{
	struct board *b = ctx;
	bool signs = use == IMP_KEY_SIGNING;

	if (!b->has_key[use] &&
	    imp_soft_make(b->crypto, signs ? IMP_CRV_P256 : b->sealing_crv,
			  signs ? b->signing : b->sealing, &b->pub[use]))
		return -1;
	b->has_key[use] = true;
	*pub = b->pub[use];
	return 0;
}

static int key_sign(void *ctx, const struct imp_span *part, size_t count, uint8_t sig[64])
{
	struct board *b = ctx;

	if (b->sign_fails)
		return -1;
	return imp_soft_sign(b->crypto, IMP_ALG_ES256, b->signing, part, count, sig);
}

static int key_agree(void *ctx, const struct imp_pub *peer, uint8_t z[32])
{
	struct board *b = ctx;

	cr_assert_eq(peer->crv, b->sealing_crv, "a key is used on its own curve only");
	cr_assert_eq(imp_pub_check(b->crypto, peer), 0, "and with points only");
	return imp_soft_agree(b->crypto, b->sealing, peer, z);
}

static int draw(void *ctx, uint8_t *out, size_t len)
{
	struct board *b = ctx;

	memset(out, ++b->drawn, len);
	return 0;
}

static int now(void *ctx, struct imp_board_now *out)
{
	struct board *b = ctx;

	*out = (struct imp_board_now){ .boot = b->boots, .dbgstat = 2 };
	return 0;
}

static int check(void *ctx, unsigned domain, struct imp_span settings)
{
	struct board *b = ctx;

	(void)domain;
	(void)settings;
	return (int)b->check_says;
}

static int activate(void *ctx, unsigned domain, struct imp_span settings)
{
	struct board *b = ctx;

	b->activations++;
	b->active_len[domain] = (uint32_t)settings.len;
	return 0;
}

void board_init(struct board *b, struct imp_crypto *crypto, unsigned serial,
		bool with_maker)
{
	static const uint8_t objects[] = { 0xa2, 0x0a, 0x63, '1', '.', '1',
					   0x0b, 0x63, '1',  '.', '1' };

	memset(b, 0, sizeof(*b));
	memset(b->flash, 0xff, sizeof(b->flash));
	memset(b->synced, 0xff, sizeof(b->synced));
	b->crypto = crypto;
	b->sealing_crv = IMP_CRV_P256;
	b->ueid[0] = 3;
	b->ueid[14] = (uint8_t)serial;
	b->constants = (struct imp_board){
		.ueid = IMP_SPAN(b->ueid),
		.oemid = 32473,
		.hwmodel = IMP_TEXT("keel-2"),
		.maker = with_maker ? &b->maker : NULL,
		.objects = IMP_SPAN(objects),
		.half_size = BOARD_HALF,
		.write_unit = BOARD_UNIT,
		.cobs = true,
		.buffer = 4096,
	};
	b->port = (struct imp_port){
		.ctx = b,
		.read = flash_read,
		.erase = flash_erase,
		.write = flash_write,
		.sync = flash_sync,
		.key_make = key_make,
		.key_sign = key_sign,
		.key_agree = key_agree,
		.random = draw,
		.now = now,
		.check = check,
		.activate = activate,
	};
}

void board_add_counter(struct board *b)
{
	b->port.counter = count;
}

int board_boot(struct board *b)
{
	b->boots++;
	memcpy(b->synced, b->flash, sizeof(b->flash));
	return imp_agent_boot(&b->agent, &b->constants, &b->port, b->crypto);
}

struct imp_span board_ask(struct board *b, uint16_t group, uint8_t id, uint8_t op,
			  struct imp_span body)
{
	static uint8_t in[8192], out[8192];
	const struct imp_smp smp = {
		.version = 1, .op = op, .group = group, .id = id, .sequence = 7
	};
	struct imp_writer w = imp_writer(in, sizeof(in));
	struct imp_writer r = imp_writer(out, sizeof(out));
	struct imp_smp reply;

	imp_smp_put_header(&w, &smp, body.len);
	imp_put(&w, body);
	imp_agent_handle(&b->agent, imp_written(&w), &r);
	cr_assert(imp_smp_decode(imp_written(&r), &reply));
	cr_assert_eq(reply.sequence, 7);
	cr_assert_eq(reply.op, op + 1);
	return reply.body;
}

struct imp_span board_stage(struct board *b, struct imp_span object)
{
	static uint8_t buf[8192];
	uint8_t nonce[32] = { 1, 2, 3 }, sha[32];
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	struct imp_request q = { .has_off = true,
				 .has_len = true,
				 .len = (uint32_t)object.len,
				 .data = object,
				 .nonce = IMP_SPAN(nonce),
				 .sha = IMP_SPAN(sha) };

	cr_assert_eq(imp_sha256(b->crypto, &object, 1, sha), 0);
	imp_request_encode(&q, &w);
	cr_assert(w.ok);
	return board_ask(b, IMP_GROUP_IMPRINT, IMP_STAGE, IMP_SMP_WRITE, imp_written(&w));
}

unsigned board_push(struct board *b, struct imp_span object, bool *again)
{
	struct imp_response r;

	cr_assert_eq(imp_response_decode(board_stage(b, object), &r, NULL), 0);
	if (again)
		*again = r.again;
	if (!r.failed)
		return 0;
	cr_assert_eq(r.evidence.len, 0);
	cr_assert_eq(r.group, IMP_GROUP_IMPRINT);
	return r.rc;
}

bool board_request(struct board *b, uint8_t id, uint8_t nonce, struct imp_response *r)
{
	uint8_t buf[64], bytes[32];
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	const struct imp_request q = { .nonce = IMP_SPAN(bytes) };

	memset(bytes, nonce, sizeof(bytes));
	imp_request_encode(&q, &w);
	cr_assert_eq(imp_response_decode(board_ask(b, IMP_GROUP_IMPRINT, id,
						   IMP_SMP_WRITE, imp_written(&w)),
					 r, NULL),
		     0);
	return !r->failed;
}

void board_attest(struct board *b, struct imp_evidence *e)
{
	struct imp_response r;
	struct imp_signed s;

	cr_assert(board_request(b, IMP_ATTEST, 9, &r));
	cr_assert_eq(imp_signed_decode(r.evidence, &s, NULL), 0);
	cr_assert_eq(s.kind, IMP_KIND_EVIDENCE);
	cr_assert_eq(imp_signed_verify(b->crypto, &s, 0, &b->pub[IMP_KEY_SIGNING]), 0);
	cr_assert_eq(imp_evidence_decode(s.cose.payload, e, NULL), 0);
	cr_assert_eq(e->nonce.ptr[31], 9);
}

static int party_sign(void *ctx, const struct imp_span *part, size_t count,
		      uint8_t sig[64])
{
	struct party *p = ctx;

	return imp_soft_sign(p->crypto, p->signer.alg, p->d, part, count, sig);
}

void party_init(struct party *p, struct imp_crypto *crypto)
{
	memset(p, 0, sizeof(*p));
	p->crypto = crypto;
	p->signer =
		(struct imp_signer){ .alg = IMP_ALG_ES256, .ctx = p, .sign = party_sign };
	cr_assert_eq(imp_soft_make(crypto, IMP_CRV_P256, p->d, &p->signer.pub), 0);
	cr_assert_eq(imp_cose_kid(crypto, &p->signer.pub, p->kid), 0);
}
