/* SPDX-License-Identifier: Apache-2.0 */
/* One simulated board. */
#include <stdio.h>
#include <string.h>

#include "base/wipe.h"
#include "cose/key.h"
#include "crypto/key.h"
#include "object/signed.h"
#include "sim/unit.h"

/* The example enterprise number. Source: RFC 5612. */
enum { OEMID = 32473, DEBUG_DISABLED = 2 };

static const struct imp_span hwmodel = { (const uint8_t *)"keel-2", 6 };

static int port_read(void *ctx, unsigned half, uint32_t off, uint8_t *buf, size_t len)
{
	const struct sim_unit *u = ctx;

	return sim_flash_read(&u->flash, half, off, buf, len);
}

static int port_erase(void *ctx, unsigned half)
{
	struct sim_unit *u = ctx;

	return sim_flash_erase(&u->flash, half);
}

static int port_write(void *ctx, unsigned half, uint32_t off, const uint8_t *buf,
		      size_t len)
{
	struct sim_unit *u = ctx;

	return sim_flash_write(&u->flash, half, off, buf, len);
}

static int port_sync(void *ctx)
{
	struct sim_unit *u = ctx;

	return sim_flash_sync(&u->flash);
}

static int port_key_make(void *ctx, enum imp_key_use use, struct imp_pub *pub)
{
	const struct sim_unit *u = ctx;

	*pub = use == IMP_KEY_SIGNING ? u->keys.signing_pub : u->keys.sealing_pub;
	return 0;
}

static int port_key_sign(void *ctx, const struct imp_span *part, size_t count,
			 uint8_t sig[64])
{
	const struct sim_unit *u = ctx;

	return imp_soft_sign(u->crypto, IMP_ALG_ES256, u->keys.signing, part, count, sig);
}

static int port_key_agree(void *ctx, const struct imp_pub *peer, uint8_t z[32])
{
	const struct sim_unit *u = ctx;

	return imp_soft_agree(u->crypto, u->keys.sealing, peer, z);
}

static int port_random(void *ctx, uint8_t *out, size_t len)
{
	const struct sim_unit *u = ctx;

	return imp_random(u->crypto, out, len);
}

static int port_now(void *ctx, struct imp_board_now *out)
{
	const struct sim_unit *u = ctx;

	*out = (struct imp_board_now){ .boot = u->boot, .dbgstat = DEBUG_DISABLED };
	return 0;
}

static int port_check(void *ctx, unsigned domain, struct imp_span settings)
{
	const struct sim_unit *u = ctx;

	(void)domain;
	return (int)sim_settings_check(u->objects, settings);
}

/* There is no modem behind this board: the flash is where settings show. */
static int port_activate(void *ctx, unsigned domain, struct imp_span settings)
{
	(void)ctx;
	(void)domain;
	(void)settings;
	return 0;
}

static const struct imp_port port = {
	.read = port_read,
	.erase = port_erase,
	.write = port_write,
	.sync = port_sync,
	.key_make = port_key_make,
	.key_sign = port_key_sign,
	.key_agree = port_key_agree,
	.random = port_random,
	.now = port_now,
	.check = port_check,
	.activate = port_activate,
};

/* Type 3, then 14 digits, one a byte, without the check digit. Source: RFC 9711 4.2.1. */
static void set_ueid(struct sim_unit *u)
{
	u->ueid[0] = 3;
	for (size_t i = 1; i < sizeof(u->ueid); i++)
		u->ueid[i] = (uint8_t)(u->identity.imei[i - 1] - '0');
}

static void set_board(struct sim_unit *u, const struct sim_unit_setup *setup)
{
	u->board = (struct imp_board){
		.ueid = IMP_SPAN(u->ueid),
		.oemid = OEMID,
		.hwmodel = hwmodel,
		.hwversion = IMP_TEXT("simulated"),
		.imei = imp_span_str(u->identity.imei),
		.iccid = imp_span_str(u->identity.iccid),
		.serial = imp_span_str(u->identity.serial),
		.endorsement = sim_flash_endorsement(&u->flash),
		.maker = setup->maker,
		.production = setup->production,
		.objects = { u->objects->map, u->objects->len },
		.half_size = SIM_HALF,
		.write_unit = SIM_UNIT,
		.cobs = true,
		.buffer = SIM_PACKET,
	};
	u->port = port;
	u->port.ctx = u;
}

/* What a factory does: sign who the device is and both of its public keys. */
static int endorse(struct sim_unit *u, const struct imp_signer *factory,
		   struct imp_error *err)
{
	const struct imp_endorsement e = {
		.ueid = IMP_SPAN(u->ueid),
		.oemid = OEMID,
		.hwmodel = hwmodel,
		.signing = u->keys.signing_pub,
		.sealing = u->keys.sealing_pub,
	};
	uint8_t payload[512], out[SIM_ENDORSEMENT_MAX];
	struct imp_writer p = imp_writer(payload, sizeof(payload));
	struct imp_writer w = imp_writer(out, sizeof(out));

	imp_endorsement_encode(&e, &p);
	if (!p.ok ||
	    imp_signed_put_one(u->crypto, factory, IMP_KIND_ENDORSEMENT,
			       (struct imp_span){ 0 }, imp_written(&p), &w, NULL))
		return imp_wrap(err, imp_sign_failed(factory, err), "%s",
				u->identity.imei);
	sim_flash_set_endorsement(&u->flash, imp_written(&w));
	return 0;
}

int sim_unit_open(struct sim_unit *u, struct imp_crypto *crypto,
		  const struct sim_unit_setup *setup, struct imp_error *err)
{
	char path[SIM_PATH];
	int rc;

	u->identity = *setup->identity;
	u->objects = setup->objects;
	u->crypto = crypto;
	set_ueid(u);
	snprintf(path, sizeof(path), "%s/%s.keys", setup->dir, u->identity.imei);
	rc = sim_keys_open(&u->keys, crypto, path, err);
	snprintf(path, sizeof(path), "%s/%s%s.flash", setup->dir, u->identity.imei,
		 setup->suffix);
	if (!rc)
		rc = sim_flash_open(&u->flash, path, err);
	if (!rc && imp_cose_kid(crypto, &u->keys.signing_pub, u->kid))
		rc = imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (!rc && setup->factory && sim_flash_endorsement(&u->flash).len == 0)
		rc = endorse(u, setup->factory, err);
	if (!rc)
		set_board(u, setup);
	return rc;
}

void sim_unit_close(struct sim_unit *u)
{
	sim_flash_close(&u->flash);
	sim_keys_wipe(&u->keys);
	imp_wipe(&u->agent, sizeof(u->agent));
}

bool sim_unit_boot(struct sim_unit *u)
{
	if (u->lying.lie && u->lying.lie->board)
		u->lying.lie->board(&u->board);
	u->boot = sim_flash_boot(&u->flash);
	u->boot_rc = imp_agent_boot(&u->agent, &u->board, &u->port, u->crypto);
	return !u->flash.off;
}

void sim_unit_handle(struct sim_unit *u, struct imp_span packet, bool bare,
		     struct imp_writer *w)
{
	u->agent.bare = bare;
	if (u->lying.lie)
		sim_lie_handle(u, packet, w);
	else
		imp_agent_handle(&u->agent, packet, w);
	if (u->flash.off)
		w->len = 0;
}
