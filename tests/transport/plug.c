/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plug DEVICE... -- COMMAND: run a command beside devices on an emulated USB, under
 * umockdev-wrapper, and end with its status.
 *
 * DEVICE is to=ADDRESS:PORT[,KEY=VALUE...]: what speaks there (imprint simulate --tcp) is
 * what hangs on the port. Keys: those of struct usb_show and struct usb_faults; pull=N,
 * at the nth byte both ways; back=MS, there again after so long; then=ADDRESS:PORT, by
 * then another one; mode=N, one more than the mode of the node; raw=HEX, in place of the
 * descriptors.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "transport/tcp.h"
#include "usb_bus.h"

enum { DEVICES = 64, PACKET = 8192 };

struct plugged {
	struct usb_show show;
	struct usb_faults faults;
	char to[64], then[64];
	unsigned pull, back, mode;
	uint8_t raw[USB_BUS_DESCRIPTORS];
	struct device device;
	struct usb_bus_device *at;
	UMockdevTestbed *bus;
	struct imp_transport *line;
	pthread_t there, back_again, watch;
	volatile bool stop;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "plug: %s\n", what);
	exit(125);
}

static void read_raw(struct plugged *p, const char *hex)
{
	unsigned byte;

	for (; sscanf(hex, "%2x", &byte) == 1 && p->show.raw_len < sizeof(p->raw);
	     hex += 2)
		p->raw[p->show.raw_len++] = (uint8_t)byte;
	p->show.raw = p->raw;
}

/* Keys that are numbers, and where they go. */
static unsigned *number_of(struct plugged *p, const char *key)
{
	const struct {
		const char *key;
		unsigned *at;
	} keys[] = {
		{ "number", &p->show.number },
		{ "vendor", &p->show.vendor },
		{ "product", &p->show.product },
		{ "packet", &p->show.packet },
		{ "power", &p->show.power },
		{ "subclass", &p->show.subclass },
		{ "protocol", &p->show.protocol },
		{ "setting", &p->show.setting },
		{ "pull", &p->pull },
		{ "back", &p->back },
		{ "mode", &p->mode },
		{ "halts_in", &p->faults.halts_in },
		{ "halts_out", &p->faults.halts_out },
		{ "errors_in", &p->faults.errors_in },
		{ "babbles", &p->faults.babbles },
	};

	for (size_t i = 0; i < COUNTOF(keys); i++)
		if (strcmp(keys[i].key, key) == 0)
			return keys[i].at;
	return NULL;
}

static bool *truth_of(struct plugged *p, const char *key)
{
	const struct {
		const char *key;
		bool *at;
	} keys[] = {
		{ "hid", &p->show.hid },
		{ "sleeps", &p->show.sleeps },
		{ "weak_hub", &p->show.weak_hub },
		{ "serial_port", &p->show.serial_port },
		{ "unconfigured", &p->show.unconfigured },
		{ "no_empty", &p->faults.no_empty },
		{ "slow_pull", &p->faults.slow_pull },
		{ "busy", &p->faults.busy },
	};

	for (size_t i = 0; i < COUNTOF(keys); i++)
		if (strcmp(keys[i].key, key) == 0)
			return keys[i].at;
	return NULL;
}

static const char **text_of(struct plugged *p, const char *key)
{
	const struct {
		const char *key;
		const char **at;
	} keys[] = {
		{ "port", &p->show.port },     { "serial", &p->show.serial },
		{ "maker", &p->show.maker },   { "name", &p->show.name },
		{ "driver", &p->show.driver }, { "interface", &p->show.interface },
	};

	for (size_t i = 0; i < COUNTOF(keys); i++)
		if (strcmp(keys[i].key, key) == 0)
			return keys[i].at;
	return NULL;
}

static void set(struct plugged *p, const char *key, const char *value)
{
	unsigned *number = number_of(p, key);
	bool *truth = truth_of(p, key);
	const char **text = text_of(p, key);

	if (number)
		*number = (unsigned)strtoul(value, NULL, 0);
	else if (truth)
		*truth = true;
	else if (text)
		*text = value;
	else if (strcmp(key, "to") == 0)
		snprintf(p->to, sizeof(p->to), "%s", value);
	else if (strcmp(key, "then") == 0)
		snprintf(p->then, sizeof(p->then), "%s", value);
	else if (strcmp(key, "raw") == 0)
		read_raw(p, value);
	else
		die(key);
}

static void read_device(struct plugged *p, char *words)
{
	while (words) {
		char *next = strchr(words, ','), *value;

		if (next)
			*next++ = '\0';
		value = strchr(words, '=');
		if (value)
			*value++ = '\0';
		set(p, words, value ? value : "");
		words = next;
	}
}

/* What the host says, to whatever speaks there. */
static void *carry_there(void *arg)
{
	struct plugged *p = arg;
	struct device *d = &p->device;
	const struct imp_wait wait = { UINT64_MAX, -1 };

	pthread_mutex_lock(&d->lock);
	while (!p->stop) {
		static uint8_t all[DEVICES][DEVICE_BYTES];
		uint8_t *buf = all[p->show.number % DEVICES];
		size_t len = d->in_len;

		if (len == 0) {
			pthread_cond_wait(&d->changed, &d->lock);
			continue;
		}
		memcpy(buf, d->in, len);
		d->in_len = 0;
		pthread_mutex_unlock(&d->lock);
		(void)p->line->ops->write(p->line, (struct imp_span){ buf, len }, &wait,
					  NULL);
		pthread_mutex_lock(&d->lock);
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

/* And back: a packet a message, and so what is none. */
static void say_all(struct plugged *p, struct imp_deframer *d, struct imp_span in)
{
	struct imp_span rest = in, whole;
	size_t noise = d->noise;

	while (imp_deframe(d, &rest, &whole))
		(void)device_say(&p->device, whole);
	if (d->noise > noise)
		(void)device_say(&p->device, in);
}

static void *carry_back(void *arg)
{
	struct plugged *p = arg;
	uint8_t packet[PACKET + 4], buf[4096];
	struct imp_deframer d;

	imp_deframer_init(&d, IMP_FRAMING_BARE, packet, PACKET);
	while (!p->stop) {
		const struct imp_wait wait = { imp_now_ns() + 100000000, -1 };
		struct imp_span in = { buf, 0 };

		if (p->line->ops->read(p->line, buf, sizeof(buf), &in.len, &wait, NULL))
			return NULL;
		if (in.len > 0)
			say_all(p, &d, in);
	}
	return NULL;
}

static void carry(struct plugged *p, const char *to)
{
	const struct imp_wait wait = { imp_now_ns() + 5000000000, -1 };
	struct imp_error err;
	char uri[80];

	snprintf(uri, sizeof(uri), "tcp:%s", to);
	if (imp_transport_open(&p->line, uri, NULL, &wait, &err))
		die(err.msg);
	p->stop = false;
	pthread_create(&p->there, NULL, carry_there, p);
	pthread_create(&p->back_again, NULL, carry_back, p);
}

static void stop_carrying(struct plugged *p)
{
	p->stop = true;
	pthread_mutex_lock(&p->device.lock);
	pthread_cond_broadcast(&p->device.changed);
	pthread_mutex_unlock(&p->device.lock);
	pthread_join(p->there, NULL);
	pthread_join(p->back_again, NULL);
	imp_transport_close(&p->line);
}

static bool allow(const char *root, const char *what, const struct plugged *p,
		  unsigned mode)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s/dev/bus/usb/%03lu/%03u", root, what,
		 strtoul(p->show.port, NULL, 10), p->show.number);
	return chmod(path, mode) == 0;
}

/* Others may look around below /dev, as they may on a real host, and ask umockdev. */
static void set_mode(const struct plugged *p)
{
	char *root = umockdev_testbed_get_root_dir(p->bus);

	if (p->mode && (chmod(root, 0755) || !allow(root, "ioctl", p, 0777) ||
			!allow(root, ".", p, p->mode - 1)))
		die("chmod");
	free(root);
}

/* A node for its serial port, which nobody is to open. */
static void make_port(const struct plugged *p)
{
	char *root = umockdev_testbed_get_root_dir(p->bus), path[300];
	FILE *f;

	snprintf(path, sizeof(path), "%s/dev/ttyACM%u", root, p->show.number);
	f = p->show.serial_port ? fopen(path, "we") : NULL;
	if (f)
		fclose(f);
	free(root);
}

static void plug_in(struct plugged *p)
{
	p->at = usb_bus_plug(p->bus, &p->show, &p->device);
	usb_bus_set_faults(p->at, p->faults);
	set_mode(p);
	make_port(p);
}

/* Once it was pulled, it comes back: under another number, maybe as another. */
static void *watch(void *arg)
{
	struct plugged *p = arg;
	struct device *d = &p->device;
	bool pulled = false;

	while (!pulled) {
		usleep(2000);
		pthread_mutex_lock(&d->lock);
		pulled = device_is_pulled(d);
		d->pull_at = pulled ? 0 : d->pull_at;
		pthread_mutex_unlock(&d->lock);
	}
	usb_bus_pull(p->at);
	if (p->back == 0)
		return NULL;
	usleep(p->back * 1000);
	stop_carrying(p);
	device_forget(d);
	carry(p, p->then[0] ? p->then : p->to);
	p->show.number += 10;
	p->faults = (struct usb_faults){ 0 };
	plug_in(p);
	return NULL;
}

static void start(struct plugged *p, UMockdevTestbed *bus, unsigned i)
{
	p->bus = bus;
	if (!p->show.port)
		p->show.port = "1-2";
	if (!p->show.number)
		p->show.number = i + 2;
	device_init(&p->device);
	p->device.pull_at = p->pull;
	carry(p, p->to);
	plug_in(p);
	if (p->pull)
		pthread_create(&p->watch, NULL, watch, p);
}

int main(int argc, char **argv)
{
	static struct plugged all[DEVICES];
	UMockdevTestbed *bus = umockdev_testbed_new();
	unsigned n = 0;
	int at = 1, status;
	pid_t pid;

	for (; at < argc && strcmp(argv[at], "--") != 0; at++) {
		if (n == DEVICES)
			die("too many devices");
		read_device(&all[n], argv[at]);
		start(&all[n], bus, n);
		n++;
	}
	if (at + 1 >= argc)
		die("no command");
	pid = fork();
	if (pid == 0) {
		execvp(argv[at + 1], argv + at + 1);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die("no child");
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}
