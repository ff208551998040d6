/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole agent, driven by arbitrary requests: nothing unsigned is ever applied, chains
 * only grow, and what a reboot brings back is what was there.
 */
#include <string.h>

#include "agent/agent.h"
#include "crypto/host.h"
#include "fuzz.h"
#include "wire/message.h"

enum { HALF = 24 * 1024, UNIT = 16, REQUESTS = 64 };

static struct imp_crypto *crypto;
static uint8_t flash[2][HALF], key[2][32], ueid[15] = { 3 };
static struct imp_pub pub[2];

static int rd(void *c, unsigned half, uint32_t off, uint8_t *buf, size_t len)
{
	(void)c;
	MUST(off + len <= HALF);
	memcpy(buf, flash[half] + off, len);
	return 0;
}

static int er(void *c, unsigned half)
{
	(void)c;
	memset(flash[half], 0xff, HALF);
	return 0;
}

static int wr(void *c, unsigned half, uint32_t off, const uint8_t *buf, size_t len)
{
	(void)c;
	MUST(off % UNIT == 0 && len % UNIT == 0 && off + len <= HALF);
	memcpy(flash[half] + off, buf, len);
	return 0;
}

static int sy(void *c)
{
	(void)c;
	return 0;
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
	(void)domain;
	MUST(settings.len == 0); /* nobody here can sign: nothing may come into force */
	return 0;
}

static void setup(void)
{
	if (crypto)
		return;
	MUST(imp_crypto_new(&crypto, NULL) == 0);
	for (int i = 0; i < 2; i++)
		MUST(imp_soft_make(crypto, IMP_CRV_P256, key[i], &pub[i]) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t objects[] = { 0xa0 };
	static struct imp_agent a;
	static uint8_t in[4200], out[4096];
	const struct imp_board board = { .ueid = IMP_SPAN(ueid),
					 .oemid = 1,
					 .hwmodel = IMP_TEXT("m"),
					 .objects = IMP_SPAN(objects),
					 .half_size = HALF,
					 .write_unit = UNIT,
					 .buffer = 4096,
					 .cobs = true };
	const struct imp_port port = { .read = rd,
				       .erase = er,
				       .write = wr,
				       .sync = sy,
				       .key_make = mk,
				       .key_sign = sg,
				       .key_agree = ag,
				       .random = rn,
				       .now = nw,
				       .activate = ac };
	struct imp_span rest = { data, size };

	setup();
	memset(flash, 0xff, sizeof(flash));
	MUST(imp_agent_boot(&a, &board, &port, crypto) == 0);
	for (unsigned i = 0; i < REQUESTS && rest.len >= 3; i++) {
		size_t len = (size_t)rest.ptr[1] << 8 | rest.ptr[2];
		uint8_t id = rest.ptr[0] & 7;
		struct imp_smp smp = { .version = 1,
				       .group = IMP_GROUP_IMPRINT,
				       .id = id,
				       .op = id == IMP_DESCRIBE || id == IMP_HISTORY
						     ? IMP_SMP_READ
						     : IMP_SMP_WRITE };
		struct imp_writer w = imp_writer(in, sizeof(in)),
				  r = imp_writer(out, sizeof(out));

		rest.ptr += 3;
		rest.len -= 3;
		if (len > rest.len)
			len = rest.len;
		if (len > 4096)
			len = 4096;
		imp_smp_put_header(&w, &smp, len);
		imp_put(&w, (struct imp_span){ rest.ptr, len });
		imp_agent_handle(&a, imp_written(&w), &r);
		MUST(r.ok && r.len >= IMP_SMP_HEADER);
		rest.ptr += len;
		rest.len -= len;
	}
	MUST(!a.state.owned && a.state.head0.n == 0 && a.state.domains == 0);
	MUST(imp_agent_boot(&a, &board, &port, crypto) == 0);
	MUST(!a.state.owned && a.state.head0.n == 0);
	return 0;
}
