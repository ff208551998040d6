/* SPDX-License-Identifier: Apache-2.0 */
/* A simulated device: its line, its boot log, its faults on the way in and out. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/wipe.h"
#include "sim/internal.h"

enum { REBOOT_NS = 300000000 };

static const char boot_log[] =
	"*** Booting imprint simulator ***\r\n[00:00:00.001] <inf> flash: two halves\r\n"
	"[00:00:00.004] <inf> modem: radio off\r\nuart:~$ ";

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

const struct imp_fault *imp_sim_fault(const struct imp_sim_device *d,
				      enum imp_fault_kind kind)
{
	for (size_t i = 0; i < d->faults; i++)
		if (d->fault[i].kind == kind)
			return &d->fault[i];
	return NULL;
}

void device_send(struct imp_sim_device *d, struct imp_span bytes)
{
	static const char noise[] = "\x00\xff<wrn> net: \x06 \x04\x14?\r\n\x1b[0m";

	if (imp_sim_fault(d, IMP_FAULT_NOISE))
		(void)!imp_secret_append(&d->pending, IMP_TEXT(noise), NULL);
	(void)!imp_secret_append(&d->pending, bytes, NULL);
}

void imp_sim_device_boot(struct imp_sim_device *d)
{
	d->reboot_at_ns = 0;
	d->boots++;
	(void)!imp_agent_boot(&d->agent, &d->board, &d->port, d->crypto);
	imp_link_init(&d->link, &d->agent);
	device_send(d, IMP_TEXT(boot_log));
}

/* One request of the host, answered by the agent or by a liar. */
static void answer(struct imp_sim_device *d, struct imp_span packet,
		   enum imp_framing framing)
{
	const struct imp_fault *drop = imp_sim_fault(d, IMP_FAULT_DROP);
	const struct imp_fault *swap = imp_sim_fault(d, IMP_FAULT_SWAP);
	struct imp_agent *agent = &d->agent;
	struct imp_writer out = imp_writer(d->link.out, sizeof(d->link.out));
	struct imp_writer wire = imp_writer(d->link.wire, sizeof(d->link.wire));
	static uint8_t lied[AGENT_PACKET_MAX];
	struct imp_writer w = imp_writer(lied, sizeof(lied));
	struct imp_span said;

	d->requests++;
	if (swap && d->peer && d->requests >= swap->n)
		agent = &d->peer->agent;
	if (!lie_before(d, packet, &out))
		imp_agent_handle(agent, packet, &out);
	if (out.len == 0 || d->reboot_at_ns != 0)
		return; /* no answer is due, or the power went */
	said = lie_about(d, packet, imp_written(&out), &w);
	imp_frame_put(&wire, framing, said);
	if (drop && ++d->answers % drop->n == 0)
		return;
	device_send(d, imp_written(&wire));
}

/* The line before the agent: what never reaches it, and what comes back without it. */
static bool line_fault(struct imp_sim_device *d, struct imp_span bytes)
{
	const struct imp_fault *reboot = imp_sim_fault(d, IMP_FAULT_REBOOT);
	uint64_t before = d->received;

	d->received += bytes.len;
	if (imp_sim_fault(d, IMP_FAULT_SILENT))
		return true;
	if (imp_sim_fault(d, IMP_FAULT_ECHO)) {
		device_send(d, bytes);
		return true;
	}
	if (imp_sim_fault(d, IMP_FAULT_TEXT)) {
		device_send(d, IMP_TEXT("\r\nuart:~$ unknown command\033[2J\r\n"));
		return true;
	}
	if (reboot && before < reboot->n && d->received >= reboot->n) {
		d->reboot_at_ns = now_ns() + REBOOT_NS;
		return true;
	}
	return d->reboot_at_ns != 0;
}

void imp_sim_device_feed(struct imp_sim_device *d, struct imp_span bytes)
{
	struct imp_span packet;

	if (line_fault(d, bytes))
		return;
	while (imp_deframe(&d->link.deframer, &bytes, &packet))
		answer(d, packet, d->link.deframer.framing);
}

/* A pseudo-terminal under a stable name. Our own open slave keeps it alive when the host
 * closes. */
static int open_line(struct imp_sim_device *d, const char *dir, struct imp_error *err)
{
	char name[64];

	d->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (d->master < 0 || grantpt(d->master) || unlockpt(d->master) ||
	    ptsname_r(d->master, name, sizeof(name)))
		return imp_fail(err, IMP_ERESOURCE, "device %u: no pseudo-terminal: %s",
				d->number, strerror(errno));
	d->keeper = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	snprintf(d->link_path, sizeof(d->link_path), "%s/%u", dir, d->number);
	unlink(d->link_path);
	if (d->keeper < 0 || symlink(name, d->link_path) != 0)
		return imp_fail(err, IMP_ERESOURCE, "%s: %s", d->link_path,
				strerror(errno));
	return 0;
}

int imp_sim_device_open(struct imp_sim_device *d, struct imp_crypto *crypto,
			const struct imp_sim_setup *setup, struct imp_error *err)
{
	int rc;

	d->crypto = crypto;
	d->identity = setup->identity;
	d->flash_fd = d->keys_fd = d->master = d->keeper = -1;
	rc = board_setup(d, setup, err);
	if (!rc && imp_agent_boot(&d->agent, &d->board, &d->port, crypto))
		rc = imp_fail(err, IMP_EFORMAT,
			      "%s/%u.flash: the agent does not boot from it", setup->dir,
			      d->number);
	if (rc)
		return rc;
	imp_link_init(&d->link, &d->agent);
	device_send(d, IMP_TEXT(boot_log));
	return open_line(d, setup->dir, err);
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void imp_sim_device_close(struct imp_sim_device *d)
{
	if (d->link_path[0])
		unlink(d->link_path);
	close_fd(d->keeper);
	close_fd(d->master);
	close_fd(d->flash_fd);
	close_fd(d->keys_fd);
	imp_secret_fini(&d->pending);
	imp_secret_fini(&d->replay);
	imp_wipe(d->key, sizeof(d->key));
}
