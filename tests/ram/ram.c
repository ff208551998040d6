/* SPDX-License-Identifier: Apache-2.0 */
/* A board in RAM. */
#include <string.h>

#include "object/profile.h"
#include "ram.h"

static bool powered(struct ram *r)
{
	return ++r->ops < r->cut_at || r->cut_at == 0;
}

static int flash_read(void *ctx, unsigned half, uint32_t off, uint8_t *buf, size_t len)
{
	struct ram *r = ctx;

	MUST(off <= RAM_HALF && len <= RAM_HALF - off);
	memcpy(buf, r->flash[half] + off, len);
	return 0;
}

static int flash_erase(void *ctx, unsigned half)
{
	struct ram *r = ctx;

	if (!powered(r))
		return -1;
	memset(r->flash[half], 0xff, RAM_HALF);
	return 0;
}

static int flash_write(void *ctx, unsigned half, uint32_t off, const uint8_t *buf,
		       size_t len)
{
	struct ram *r = ctx;

	MUST(off % RAM_UNIT == 0 && len % RAM_UNIT == 0);
	MUST(off <= RAM_HALF && len <= RAM_HALF - off);
	if (!powered(r))
		return -1;
	for (size_t i = 0; i < len; i++)
		MUST(r->flash[half][off + i] == 0xff);
	memcpy(r->flash[half] + off, buf, len);
	return 0;
}

static int flash_sync(void *ctx)
{
	return powered(ctx) ? 0 : -1;
}

static int key_make(void *ctx, enum imp_key_use use, struct imp_pub *out)
{
	struct ram *r = ctx;

	*out = r->pub[use];
	return 0;
}

static int key_sign(void *ctx, const struct imp_span *part, size_t count, uint8_t sig[64])
{
	struct ram *r = ctx;

	memset(sig, 1, 64);
	return r->signs ? imp_soft_sign(r->crypto, IMP_ALG_ES256, r->key[0], part, count,
					sig)
			: 0;
}

static int key_agree(void *ctx, const struct imp_pub *peer, uint8_t z[32])
{
	struct ram *r = ctx;

	return imp_soft_agree(r->crypto, r->key[1], peer, z);
}

static int draw(void *ctx, uint8_t *out, size_t len)
{
	struct ram *r = ctx;

	memset(out, r->draw, len);
	r->draw = (uint8_t)(r->draw + r->draw_step);
	return 0;
}

static int now(void *ctx, struct imp_board_now *out)
{
	struct ram *r = ctx;

	*out = (struct imp_board_now){ .boot = r->boots, .dbgstat = 2 };
	return 0;
}

static int activate(void *ctx, unsigned domain, struct imp_span settings)
{
	(void)ctx;
	MUST(domain < IMP_DOMAINS);
	MUST(settings.len == 0 || imp_settings_check(settings, NULL) == 0);
	return 0;
}

void ram_key(struct imp_crypto *crypto, uint8_t d[32], struct imp_pub *pub)
{
	MUST(imp_soft_make(crypto, IMP_CRV_P256, d, pub) == 0);
}

void ram_init(struct ram *r, struct imp_crypto *crypto)
{
	memset(r, 0, sizeof(*r));
	memset(r->flash, 0xff, sizeof(r->flash));
	r->crypto = crypto;
	r->draw = 7;
	for (int i = 0; i < 2; i++)
		ram_key(crypto, r->key[i], &r->pub[i]);
	r->board = (struct imp_board){
		.ueid = IMP_SPAN(r->ueid),
		.oemid = 32473,
		.hwmodel = IMP_TEXT("keel-2"),
		.objects = IMP_TEXT("\xa2\x0a\x63"
				    "1.1"
				    "\x0b\x63"
				    "1.1"),
		.half_size = RAM_HALF,
		.write_unit = RAM_UNIT,
		.buffer = RAM_PACKET,
		.cobs = true,
	};
	r->port = (struct imp_port){ .ctx = r,
				     .read = flash_read,
				     .erase = flash_erase,
				     .write = flash_write,
				     .sync = flash_sync,
				     .key_make = key_make,
				     .key_sign = key_sign,
				     .key_agree = key_agree,
				     .random = draw,
				     .now = now,
				     .activate = activate };
}

int ram_boot(struct ram *r, struct imp_agent *a)
{
	r->cut_at = 0;
	r->boots++;
	return imp_agent_boot(a, &r->board, &r->port, r->crypto);
}
