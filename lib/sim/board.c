/* SPDX-License-Identifier: Apache-2.0 */
/* The board under a simulated agent: flash and keys in files, power that can be cut. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/wipe.h"
#include "crypto/host.h"
#include "evidence/card.h"
#include "object/signed.h"
#include "sim/internal.h"

enum { KEYS_LEN = 4 + 2 + 64, REBOOT_NS = 300000000 };

/* The map of objects that the simulated firmware implements: 0, 1, 10, 11. */
static const uint8_t objects[] = { 0xa4, 0x00, 0x63, '1',  '.',	 '2',  0x01,
				   0x63, '1',  '.',  '2',  0x0a, 0x63, '1',
				   '.',	 '1',  0x0b, 0x63, '1',	 '.',  '1' };

/* Power goes at the Nth operation and stays off until the reboot. */
static bool powered(struct imp_sim_device *d)
{
	const struct imp_fault *cut = imp_sim_fault(d, IMP_FAULT_CUT);
	unsigned op = ++d->flash_ops;

	if (d->reboot_at_ns != 0)
		return false;
	if (cut && (op == cut->n || (cut->n2 && op == cut->n2))) {
		d->reboot_at_ns = now_ns() + REBOOT_NS;
		return false;
	}
	return true;
}

static int flash_read(void *ctx, unsigned half, uint32_t off, uint8_t *buf, size_t len)
{
	struct imp_sim_device *d = ctx;

	return pread(d->flash_fd, buf, len, (off_t)half * IMP_SIM_HALF + off) ==
			       (ssize_t)len
		       ? 0
		       : -1;
}

static int flash_erase(void *ctx, unsigned half)
{
	static const uint8_t blank[4096] = { [0 ... 4095] = 0xff };
	struct imp_sim_device *d = ctx;

	if (!powered(d))
		return -1;
	for (off_t off = 0; off < IMP_SIM_HALF; off += (off_t)sizeof(blank))
		if (pwrite(d->flash_fd, blank, sizeof(blank),
			   (off_t)half * IMP_SIM_HALF + off) != sizeof(blank))
			return -1;
	return 0;
}

static int flash_write(void *ctx, unsigned half, uint32_t off, const uint8_t *buf,
		       size_t len)
{
	struct imp_sim_device *d = ctx;

	if (!powered(d))
		return -1;
	return pwrite(d->flash_fd, buf, len, (off_t)half * IMP_SIM_HALF + off) ==
			       (ssize_t)len
		       ? 0
		       : -1;
}

/* The emulated power is cut, never that of the host: no fsync. */
static int flash_sync(void *ctx)
{
	return powered(ctx) ? 0 : -1;
}

/* boots | has signing, has sealing | signing, sealing */
static int save_keys(struct imp_sim_device *d)
{
	uint8_t buf[KEYS_LEN];
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	bool ok;

	imp_put_u32be(&w, d->boots);
	imp_put_u8(&w, d->has_key[0]);
	imp_put_u8(&w, d->has_key[1]);
	imp_put(&w, IMP_SPAN(d->key[0]));
	imp_put(&w, IMP_SPAN(d->key[1]));
	ok = pwrite(d->keys_fd, buf, sizeof(buf), 0) == sizeof(buf);
	imp_wipe(buf, sizeof(buf));
	return ok ? 0 : -1;
}

static int load_keys(struct imp_sim_device *d)
{
	uint8_t buf[KEYS_LEN];
	struct imp_reader r = imp_reader(IMP_SPAN(buf));
	ssize_t n = pread(d->keys_fd, buf, sizeof(buf), 0);

	if (n == 0)
		return 0; /* a new device */
	if (n != sizeof(buf))
		return -1;
	d->boots = imp_take_u32be(&r);
	d->has_key[0] = imp_take_u8(&r);
	d->has_key[1] = imp_take_u8(&r);
	memcpy(d->key[0], imp_take(&r, 32).ptr, 32);
	memcpy(d->key[1], imp_take(&r, 32).ptr, 32);
	imp_wipe(buf, sizeof(buf));
	for (int use = 0; use < 2; use++)
		if (d->has_key[use] &&
		    imp_soft_pub(d->crypto, IMP_CRV_P256, d->key[use], &d->pub[use]))
			return -1;
	return 0;
}

static int key_make(void *ctx, enum imp_key_use use, struct imp_pub *pub)
{
	struct imp_sim_device *d = ctx;

	if (!d->has_key[use]) {
		if (imp_soft_make(d->crypto, IMP_CRV_P256, d->key[use], &d->pub[use]))
			return -1;
		d->has_key[use] = true;
		if (save_keys(d))
			return -1;
	}
	*pub = d->pub[use];
	return 0;
}

static int key_sign(void *ctx, const struct imp_span *part, size_t count, uint8_t sig[64])
{
	struct imp_sim_device *d = ctx;

	return imp_soft_sign(d->crypto, IMP_ALG_ES256, d->key[IMP_KEY_SIGNING], part,
			     count, sig);
}

static int key_agree(void *ctx, const struct imp_pub *peer, uint8_t z[32])
{
	struct imp_sim_device *d = ctx;

	return imp_soft_agree(d->crypto, d->key[IMP_KEY_SEALING], peer, z);
}

static int draw(void *ctx, uint8_t *out, size_t len)
{
	struct imp_sim_device *d = ctx;

	return imp_random(d->crypto, out, len);
}

static int now(void *ctx, struct imp_board_now *out)
{
	struct imp_sim_device *d = ctx;

	*out = (struct imp_board_now){ .boot = d->boots, .dbgstat = d->dbgstat };
	return 0;
}

static int check(void *ctx, unsigned domain, struct imp_span settings)
{
	(void)ctx;
	(void)domain;
	(void)settings;
	return 0;
}

static int activate(void *ctx, unsigned domain, struct imp_span settings)
{
	(void)ctx;
	(void)domain;
	(void)settings;
	return 0;
}

static int open_file(const char *dir, unsigned number, const char *what, int *out,
		     struct imp_error *err)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%u.%s", dir, number, what);
	*out = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return *out < 0 ? imp_fail(err, IMP_EUSAGE, "%s: %s", path, strerror(errno)) : 0;
}

static int open_flash(struct imp_sim_device *d, const char *dir, struct imp_error *err)
{
	int rc = open_file(dir, d->number, "flash", &d->flash_fd, err);

	if (rc || lseek(d->flash_fd, 0, SEEK_END) == 2 * IMP_SIM_HALF)
		return rc;
	if (flash_erase(d, 0) || flash_erase(d, 1))
		return imp_fail(err, IMP_ERESOURCE, "%s/%u.flash: %s", dir, d->number,
				strerror(errno));
	d->flash_ops = 0;
	return 0;
}

/* A factory that knows whose keys these are endorses them; the device carries that in its
 * card. */
static int endorse(struct imp_sim_device *d, const struct imp_signer *factory,
		   struct imp_error *err)
{
	uint8_t buf[400];
	struct imp_writer p = imp_writer(buf, sizeof(buf));
	struct imp_writer w = imp_writer(d->endorsement, sizeof(d->endorsement));
	struct imp_endorsement e = { .ueid = d->board.ueid,
				     .oemid = d->board.oemid,
				     .hwmodel = d->board.hwmodel };

	if (key_make(d, IMP_KEY_SIGNING, &e.signing) ||
	    key_make(d, IMP_KEY_SEALING, &e.sealing))
		return imp_fail(err, IMP_EINTERNAL, "device %u: cannot make its keys",
				d->number);
	imp_endorsement_encode(&e, &p);
	if (imp_signed_put_one(d->crypto, factory, IMP_KIND_ENDORSEMENT,
			       (struct imp_span){ 0 }, imp_written(&p), &w, NULL))
		return imp_fail(err, IMP_EKEY, "device %u: cannot be endorsed",
				d->number);
	d->board.endorsement = imp_written(&w);
	return 0;
}

static void make_board(struct imp_sim_device *d, const struct imp_sim_setup *setup)
{
	d->ueid[0] = 3; /* IMEI: RFC 9711 4.2.1 */
	for (size_t i = 0; i < 14; i++)
		d->ueid[i + 1] = (uint8_t)(d->identity.imei[i] - '0');
	d->dbgstat = imp_sim_fault(d, IMP_FAULT_LIE_DEBUG) ? 0 : 2;
	if (setup->maker)
		d->maker = *setup->maker;
	d->board = (struct imp_board){
		.ueid = IMP_SPAN(d->ueid),
		.oemid = IMP_SIM_OEMID,
		.hwmodel = IMP_TEXT("keel-2"),
		.hwversion = IMP_TEXT("2.1"),
		.imei = imp_span_str(d->identity.imei),
		.iccid = imp_span_str(d->identity.iccid),
		.serial = imp_span_str(d->identity.serial),
		.maker = setup->maker ? &d->maker : NULL,
		.objects = IMP_SPAN(objects),
		.half_size = IMP_SIM_HALF,
		.write_unit = IMP_SIM_UNIT,
		.cobs = true,
		.buffer = AGENT_PACKET_MAX,
	};
	if (imp_sim_fault(d, IMP_FAULT_LIE_STRINGS))
		d->board.hwmodel = IMP_TEXT("\033[2J\n';-- %n../");
	d->port = (struct imp_port){ .ctx = d,
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
				     .activate = activate };
}

int board_setup(struct imp_sim_device *d, const struct imp_sim_setup *setup,
		struct imp_error *err)
{
	int rc = open_file(setup->dir, d->number, "keys", &d->keys_fd, err);

	make_board(d, setup);
	if (!rc)
		rc = open_flash(d, setup->dir, err);
	if (!rc && load_keys(d))
		rc = imp_fail(err, IMP_EFORMAT,
			      "%s/%u.keys: not the keys of a simulated device",
			      setup->dir, d->number);
	if (!rc && setup->clone_of) {
		const struct imp_sim_device *first = setup->clone_of;

		memcpy(d->key, first->key, sizeof(d->key));
		memcpy(d->pub, first->pub, sizeof(d->pub));
		memcpy(d->has_key, first->has_key, sizeof(d->has_key));
		memcpy(d->ueid, first->ueid, sizeof(d->ueid));
	}
	if (!rc && setup->factory)
		rc = endorse(d, setup->factory, err);
	d->boots++;
	if (!rc && save_keys(d))
		rc = imp_fail(err, IMP_ERESOURCE, "%s/%u.keys: %s", setup->dir, d->number,
			      strerror(errno));
	return rc;
}
