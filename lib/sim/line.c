/* SPDX-License-Identifier: Apache-2.0 */
/* The wire between a host and a simulated board. */
#include <errno.h>
#include <stdio.h>

#include "sim/state.h"
#include "transport/transport.h"

enum {
	CHUNK = 4096,
	BOOT_MS = 60,  /* a board without power comes back after */
	PLUG_MS = 400, /* a cable is put back after */
	PACE_MS = 10,  /* slow lines move in steps of */
};

static uint64_t ms(uint64_t n)
{
	return n * 1000000;
}

static void wake_at(struct sim_line *l, uint64_t when)
{
	if (l->wake_ns == 0 || when < l->wake_ns)
		l->wake_ns = when;
}

void line_say(struct sim_line *l, const char *text)
{
	(void)sim_queue_put(&l->out, imp_span_str(text));
}

static void unplug(struct sim_line *l)
{
	sim_event(l, "unplugged after %llu bytes", (unsigned long long)l->moved);
	l->fault[IMP_SIM_UNPLUG] = 0;
	sim_queue_clear(&l->out);
	l->port.ops->unplug(&l->port);
	l->blocked = false;
	l->plug_ns = imp_now_ns() + ms(PLUG_MS);
	wake_at(l, l->plug_ns);
}

/* The board is gone until it boots; what it had in RAM is lost. */
void line_power_off(struct sim_line *l, const char *why)
{
	sim_event(l, "%s", why);
	sim_queue_clear(&l->out);
	l->unit->flash.off = true;
	l->boot_ns = imp_now_ns() + ms(BOOT_MS);
	if (l->port.ops->powers && sim_port_is_plugged(&l->port)) {
		l->port.ops->unplug(&l->port);
		l->plug_ns = l->boot_ns;
	}
	wake_at(l, l->boot_ns);
}

/* What came before means nothing any more. */
static void start_listening(struct sim_line *l)
{
	imp_deframer_init(&l->deframer, l->port.framing, l->in, SIM_PACKET);
}

/* A device that calls does so again, some time after its line has ended. */
static void call_again(struct sim_line *l)
{
	if (l->port.fd >= 0 || l->port.again_ms == 0 || l->plug_ns)
		return;
	l->plug_ns = imp_now_ns() + ms(l->port.again_ms);
	wake_at(l, l->plug_ns);
}

int sim_line_plug(struct sim_line *l, struct imp_error *err)
{
	int rc = l->port.ops->plug(&l->port, err);

	start_listening(l);
	l->plug_ns = 0;
	if (!rc)
		sim_watch(l);
	call_again(l);
	return rc;
}

void sim_line_boot(struct sim_line *l)
{
	struct sim_unit *u = l->unit;
	char text[160];

	l->boot_ns = 0;
	l->greeted = false;
	start_listening(l);
	if (!sim_unit_boot(u)) {
		line_power_off(l, "power cut while booting");
		return;
	}
	if ((line_mute(l) && !l->fault[IMP_SIM_TEXT]) || line_is_bare(l))
		return;
	snprintf(text, sizeof(text),
		 "*** Booting simulated device, a test device ***\r\n"
		 "[00:00:00.006] <inf> board: keel-2, start %u\r\n",
		 u->boot);
	line_say(l, text);
	line_say(l, u->boot_rc
			    ? "[00:00:00.019] <err> agent: the state cannot be read\r\n"
			    : "[00:00:00.019] <inf> agent: ready\r\n");
	sim_line_writable(l);
}

/* Bytes that may leave now. */
static size_t allowance(struct sim_line *l, size_t want)
{
	uint64_t now = imp_now_ns(), due, saved;

	if (l->fault[IMP_SIM_SLOW] == 0)
		return want;
	saved = ms(1000) / l->fault[IMP_SIM_SLOW] +
		2 * ms(PACE_MS); /* time on the line is not saved up */
	if (l->paced_ns + saved < now)
		l->paced_ns = now - saved;
	due = (now - l->paced_ns) * l->fault[IMP_SIM_SLOW] / ms(1000);
	return due < want ? (size_t)due : want;
}

/* Where a fault is due within these bytes, only those before it count. */
static size_t until(uint64_t at, uint64_t done, size_t len)
{
	return at && at - done < len ? (size_t)(at - done) : len;
}

/* Write once; false where no more can be written now. */
static bool send_some(struct sim_line *l)
{
	uint32_t rate = l->fault[IMP_SIM_SLOW], limit = l->fault[IMP_SIM_UNPLUG];
	size_t n;
	ssize_t done;

	if (sim_queue_rest(&l->out).len == 0)
		line_refill(l);
	n = until(limit, l->moved, allowance(l, sim_queue_rest(&l->out).len));
	if (n == 0)
		return false;
	done = l->port.ops->write(&l->port,
				  (struct imp_span){ sim_queue_rest(&l->out).ptr, n });
	if (done < 0) {
		l->blocked = errno == EAGAIN;
		return false;
	}
	sim_queue_drop(&l->out, (size_t)done);
	if (rate)
		l->paced_ns += (uint64_t)done * ms(1000) / rate;
	l->moved += (uint64_t)done;
	if (limit && l->moved >= limit)
		unplug(l);
	return l->port.fd >= 0;
}

void sim_line_writable(struct sim_line *l)
{
	enum { ROUNDS = 64 /* then the others' turn */ };

	if (l->port.fd < 0)
		return;
	l->blocked = false;
	for (unsigned i = 0; i < ROUNDS && send_some(l); i++)
		;
	if (l->port.fd < 0)
		return;
	if (!l->blocked && (sim_queue_rest(&l->out).len > 0 || line_endless(l)))
		wake_at(l, imp_now_ns() + ms(PACE_MS));
	sim_watch(l);
}

static void take_bytes(struct sim_line *l, uint8_t *buf, size_t len)
{
	struct imp_span in, packet;

	len = until(l->fault[IMP_SIM_UNPLUG], l->moved, len);
	len = until(l->fault[IMP_SIM_REBOOT], l->received, len);
	l->moved += len;
	l->received += len;
	in = (struct imp_span){ buf, line_lose(l, buf, len) };
	if (l->fault[IMP_SIM_ECHO] || l->fault[IMP_SIM_COOKED])
		(void)sim_queue_put(&l->out, in);
	if (l->fault[IMP_SIM_TEXT])
		line_say(l, "\r\nuart:~$ unknown command\r\n");
	while (l->boot_ns == 0 && imp_deframe(&l->deframer, &in, &packet))
		line_answer(l, packet);
	if (l->fault[IMP_SIM_UNPLUG] && l->moved >= l->fault[IMP_SIM_UNPLUG])
		unplug(l);
	else if (l->fault[IMP_SIM_REBOOT] && l->received >= l->fault[IMP_SIM_REBOOT]) {
		l->fault[IMP_SIM_REBOOT] = 0;
		line_power_off(l, "reboots");
	}
}

/* Another host: half a request of the one before, and answers to it, are not for it. */
static void meet_host(struct sim_line *l)
{
	l->host = l->port.hosts;
	sim_queue_clear(&l->out);
	start_listening(l);
	sim_watch(l);
}

void sim_line_readable(struct sim_line *l)
{
	uint8_t buf[CHUNK];
	ssize_t n;

	do {
		n = l->port.ops->read(&l->port, buf, sizeof(buf));
		if (!sim_port_is_plugged(&l->port) && !l->port.again_ms)
			sim_event(l, "unplugged by the host's system");
		if (l->host != l->port.hosts)
			meet_host(l);
		if (n > 0)
			take_bytes(l, buf, (size_t)n);
		if (l->port.ended)
			imp_deframe_end(&l->deframer);
	} while (n == sizeof(buf) && sim_port_is_plugged(&l->port));
	call_again(l);
	sim_line_writable(l);
}

static void replug(struct sim_line *l, uint64_t now)
{
	const struct sim_port *p = &l->port;

	if (p->ops->is_free && !p->ops->is_free(p))
		l->plug_ns = now + ms(PACE_MS);
	else if (sim_line_plug(l, NULL))
		sim_event(l, "cannot be plugged in again");
	else if (!p->again_ms)
		sim_event(l, "plugged in again: %s", p->name);
}

void sim_line_wake(struct sim_line *l, uint64_t now)
{
	if (l->wake_ns == 0 || l->wake_ns > now)
		return;
	l->wake_ns = 0;
	if (l->plug_ns && l->plug_ns <= now)
		replug(l, now);
	if (l->boot_ns && l->boot_ns <= now && l->plug_ns == 0)
		sim_line_boot(l);
	if (l->plug_ns)
		wake_at(l, l->plug_ns);
	else if (l->boot_ns)
		wake_at(l, l->boot_ns);
	sim_line_writable(l);
}

void sim_line_fini(struct sim_line *l)
{
	sim_port_fini(&l->port);
	sim_queue_fini(&l->out);
}
