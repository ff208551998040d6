/* SPDX-License-Identifier: Apache-2.0 */
/* An emulated usbfs: what the host submits, and what a device makes of it. */
#include <errno.h>
#include <linux/usbdevice_fs.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "usb_show.h"

enum { HOLD_MS = 5 /* that a question for finished transfers waits */ };

/* A transfer of the host's. */
struct urb {
	struct urb *next;
	UMockdevIoctlData *urb, *bytes; /* owned; bytes NULL where there are none */
	gulong address;			/* the host's, by which it names it */
	size_t done;
};

struct urbs {
	struct urb *first, **end;
};

struct usb_bus_device {
	UMockdevTestbed *bus;
	UMockdevIoctlBase *node;
	struct device *device;
	char path[64];
	char *sysdir[3]; /* of the device, its interface, its serial port; owned */
	unsigned packet;
	bool stop, gone, plugged;
	pthread_t thread;
	struct usb_faults faults;
	struct usb_seen seen;
	bool halted_in, halted_out, bound, empty_due;
	const char *driver;
	UMockdevIoctlClient *owner; /* who has claimed the interface */
	struct urbs in, out, ended;
	/* A question for ended transfers that has no answer yet. */
	UMockdevIoctlClient *asker;
	UMockdevIoctlData *question;
	struct timespec until;
};

static void push(struct urbs *l, struct urb *u)
{
	u->next = NULL;
	*l->end = u;
	l->end = &u->next;
}

static struct urb *take(struct urbs *l, gulong address)
{
	for (struct urb **at = &l->first; *at; at = &(*at)->next) {
		struct urb *u = *at;

		if (address != 0 && u->address != address)
			continue;
		*at = u->next;
		if (!u->next)
			l->end = at;
		return u;
	}
	return NULL;
}

static void free_urb(struct urb *u)
{
	g_object_unref(u->urb);
	if (u->bytes)
		g_object_unref(u->bytes);
	free(u);
}

static struct usbdevfs_urb *fields(const struct urb *u)
{
	return (struct usbdevfs_urb *)u->urb->data;
}

/* The first of a list is over. */
static void end(struct usb_bus_device *d, struct urbs *from, int status)
{
	struct urb *u = take(from, 0);

	fields(u)->status = status;
	fields(u)->actual_length = (int)u->done;
	push(&d->ended, u);
}

static bool is_full(const struct urb *u)
{
	return u->done >= (size_t)fields(u)->buffer_length;
}

/* One packet from the device into a transfer: true when that ended it. */
static bool send_packet(struct usb_bus_device *d, struct urb *u)
{
	struct imp_span next = device_next(d->device);
	size_t room = (size_t)fields(u)->buffer_length - u->done;
	size_t n = next.len < d->packet ? next.len : d->packet;
	bool short_one = n < d->packet;

	n = device_until_pull(d->device, n);
	if (n > room) {
		end(d, &d->in, -EOVERFLOW);
		return true;
	}
	if (n > 0)
		memcpy(u->bytes->data + u->done, next.ptr, n);
	u->done += n;
	device_went(d->device, n);
	if (device_next(d->device).len == 0 && (short_one || d->faults.no_empty))
		device_drop_first(d->device);
	if (!short_one && !is_full(u))
		return false;
	end(d, &d->in, 0);
	return true;
}

static void serve_in(struct usb_bus_device *d)
{
	while (d->in.first && !d->gone) {
		if (d->faults.halts_in > 0 && !d->halted_in) {
			d->faults.halts_in--;
			d->halted_in = true;
		}
		if (d->halted_in) {
			end(d, &d->in, -EPIPE);
		} else if (d->faults.errors_in > 0) {
			d->faults.errors_in--;
			end(d, &d->in, -EPROTO);
		} else if (d->faults.babbles > 0) {
			d->faults.babbles--;
			end(d, &d->in, -EOVERFLOW);
		} else if (d->device->outs == 0 || device_is_pulled(d->device)) {
			return;
		} else {
			send_packet(d, d->in.first);
		}
	}
}

/* What of a transfer the device takes now. */
static void hear(struct usb_bus_device *d, struct urb *u)
{
	size_t len = (size_t)fields(u)->buffer_length, left = len - u->done;
	size_t n = left < d->device->room ? left : d->device->room;
	bool ends, empty = fields(u)->flags & USBDEVFS_URB_ZERO_PACKET;

	if (n < left)
		n = n / d->packet * d->packet; /* whole packets, or all */
	n = device_until_pull(d->device, n);
	ends = u->done + n == len && (len % d->packet != 0 || empty || len == 0);
	d->seen.empties += ends && len % d->packet == 0;
	device_hear(d->device,
		    (struct imp_span){ u->bytes ? u->bytes->data + u->done : NULL, n },
		    ends);
	u->done += n;
	if (u->done == len)
		end(d, &d->out, 0);
}

static void serve_out(struct usb_bus_device *d)
{
	while (d->out.first && !d->gone) {
		const struct urb *before = d->out.first;

		if (d->faults.halts_out > 0 && !d->halted_out) {
			d->faults.halts_out--;
			d->halted_out = true;
		}
		if (d->halted_out)
			end(d, &d->out, -EPIPE);
		else if (!device_is_pulled(d->device))
			hear(d, d->out.first);
		if (d->out.first == before)
			return;
	}
}

static void cut_off(struct usb_bus_device *d)
{
	int status = d->faults.slow_pull ? -EPROTO : -ESHUTDOWN;

	d->gone = true;
	while (d->in.first)
		end(d, &d->in, status);
	while (d->out.first)
		end(d, &d->out, status);
}

static void answer(struct usb_bus_device *d, long rc, int why)
{
	umockdev_ioctl_client_complete(d->asker, rc, why);
	g_clear_object(&d->asker);
	g_clear_object(&d->question);
}

/* Whoever asks for an ended transfer gets one, or soon hears that there is none: the node
 * is a file, which is always ready, so that asking is how the host waits. */
static bool is_over(const struct timespec *until)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > until->tv_sec ||
	       (now.tv_sec == until->tv_sec && now.tv_nsec >= until->tv_nsec);
}

static void answer_asker(struct usb_bus_device *d)
{
	bool in_flight = d->in.first || d->out.first;
	struct urb *u;

	if (!d->asker)
		return;
	u = take(&d->ended, 0);
	if (u) {
		umockdev_ioctl_data_set_ptr(d->question, 0, u->urb);
		answer(d, 0, 0);
		free_urb(u);
	} else if (d->gone && !d->faults.slow_pull) {
		answer(d, -1, ENODEV);
	} else if (!in_flight || is_over(&d->until)) {
		answer(d, -1, EAGAIN);
	}
}

static void serve(struct usb_bus_device *d)
{
	serve_out(d);
	serve_in(d);
	if (device_is_pulled(d->device) && !d->gone)
		cut_off(d);
	answer_asker(d);
}

static void *run(void *arg)
{
	struct usb_bus_device *d = arg;

	pthread_mutex_lock(&d->device->lock);
	while (!d->stop) {
		struct timespec soon;

		serve(d);
		clock_gettime(CLOCK_MONOTONIC, &soon);
		soon.tv_nsec += HOLD_MS * 1000000;
		soon.tv_sec += soon.tv_nsec / 1000000000;
		soon.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&d->device->changed, &d->device->lock,
				       d->asker ? &d->until : &soon);
	}
	pthread_mutex_unlock(&d->device->lock);
	return NULL;
}

static UMockdevIoctlData *argument(UMockdevIoctlClient *c, size_t len)
{
	return umockdev_ioctl_data_resolve(umockdev_ioctl_client_get_arg(c), 0, len,
					   NULL);
}

static int submit(struct usb_bus_device *d, UMockdevIoctlClient *c)
{
	struct urb *u = calloc(1, sizeof(*u));

	if (d->gone) {
		free(u);
		return ENODEV;
	}
	u->urb = argument(c, sizeof(struct usbdevfs_urb));
	u->address = u->urb->client_addr;
	if (fields(u)->buffer_length > 0)
		u->bytes = umockdev_ioctl_data_resolve(
			u->urb, offsetof(struct usbdevfs_urb, buffer),
			(size_t)fields(u)->buffer_length, NULL);
	push(fields(u)->endpoint & 0x80 ? &d->in : &d->out, u);
	serve(d);
	return 0;
}

static int discard(struct usb_bus_device *d, UMockdevIoctlClient *c)
{
	gulong address = *(const gulong *)umockdev_ioctl_client_get_arg(c)->data;
	struct urbs *from = &d->in;
	struct urb *u = take(from, address);

	if (!u)
		u = take(from = &d->out, address);
	if (!u)
		return EINVAL;
	d->seen.discards++;
	fields(u)->status = -ENOENT;
	fields(u)->actual_length = (int)u->done;
	push(&d->ended, u);
	return 0;
}

static int claim(struct usb_bus_device *d, UMockdevIoctlClient *c, bool detach)
{
	if (d->faults.busy || (d->owner && d->owner != c) || (d->bound && !detach))
		return EBUSY;
	d->seen.detached += d->bound;
	d->bound = false;
	d->owner = c;
	d->seen.claims++;
	return 0;
}

static void release(struct usb_bus_device *d, const UMockdevIoctlClient *c)
{
	if (d->owner != c)
		return;
	d->owner = NULL;
	d->seen.releases++;
}

/* Give an interface back to its driver. */
static int attach(struct usb_bus_device *d, UMockdevIoctlClient *c)
{
	UMockdevIoctlData *arg = argument(c, sizeof(struct usbdevfs_ioctl));
	const struct usbdevfs_ioctl *i = (const struct usbdevfs_ioctl *)arg->data;
	bool back = (unsigned)i->ioctl_code == (unsigned)USBDEVFS_CONNECT;

	g_object_unref(arg);
	if (!back || !d->driver)
		return ENODATA;
	d->seen.attached += !d->bound;
	d->bound = true;
	return 0;
}

static int get_driver(struct usb_bus_device *d, UMockdevIoctlClient *c)
{
	UMockdevIoctlData *arg = argument(c, sizeof(struct usbdevfs_getdriver));
	struct usbdevfs_getdriver *g = (struct usbdevfs_getdriver *)arg->data;

	if (d->bound)
		snprintf(g->driver, sizeof(g->driver), "%s", d->driver);
	else if (d->owner)
		snprintf(g->driver, sizeof(g->driver), "usbfs");
	g_object_unref(arg);
	return d->bound || d->owner ? 0 : ENODATA;
}

static int clear_halt(struct usb_bus_device *d, UMockdevIoctlClient *c)
{
	UMockdevIoctlData *arg = argument(c, sizeof(unsigned));
	unsigned endpoint = *(const unsigned *)arg->data;

	g_object_unref(arg);
	if (d->gone)
		return ENODEV;
	d->seen.clears++;
	*(endpoint & 0x80 ? &d->halted_in : &d->halted_out) = false;
	return 0;
}

static int set_interface(struct usb_bus_device *d, UMockdevIoctlClient *c)
{
	UMockdevIoctlData *arg = argument(c, sizeof(struct usbdevfs_setinterface));

	d->seen.setting = ((struct usbdevfs_setinterface *)arg->data)->altsetting;
	g_object_unref(arg);
	return 0;
}

static int capabilities(struct usb_bus_device *d, UMockdevIoctlClient *c)
{
	UMockdevIoctlData *arg = argument(c, sizeof(guint32));

	*(guint32 *)arg->data =
		USBDEVFS_CAP_BULK_CONTINUATION | USBDEVFS_CAP_NO_PACKET_SIZE_LIM |
		USBDEVFS_CAP_REAP_AFTER_DISCONNECT | USBDEVFS_CAP_ZERO_PACKET;
	g_object_unref(arg);
	(void)d;
	return 0;
}

static int connect_info(struct usb_bus_device *d, UMockdevIoctlClient *c)
{
	UMockdevIoctlData *arg = argument(c, sizeof(struct usbdevfs_connectinfo));

	((struct usbdevfs_connectinfo *)arg->data)->devnum = 2;
	g_object_unref(arg);
	(void)d;
	return 0;
}

/* The host asks which configuration is set. */
static int control(struct usb_bus_device *d, UMockdevIoctlClient *c)
{
	UMockdevIoctlData *arg = argument(c, sizeof(struct usbdevfs_ctrltransfer));
	const struct usbdevfs_ctrltransfer *t =
		(const struct usbdevfs_ctrltransfer *)arg->data;
	bool known = t->bRequestType == 0x80 && t->bRequest == 8 && t->wLength >= 1;
	UMockdevIoctlData *bytes =
		known ? umockdev_ioctl_data_resolve(
				arg, offsetof(struct usbdevfs_ctrltransfer, data), 1,
				NULL)
		      : NULL;

	if (bytes) {
		bytes->data[0] = 1;
		g_object_unref(bytes);
	}
	g_object_unref(arg);
	(void)d;
	return known ? -1 : EPIPE; /* -1: one byte was moved */
}

static int claim_free(struct usb_bus_device *d, UMockdevIoctlClient *c)
{
	return claim(d, c, false);
}

static int claim_from_driver(struct usb_bus_device *d, UMockdevIoctlClient *c)
{
	return claim(d, c, true);
}

static int let_go(struct usb_bus_device *d, UMockdevIoctlClient *c)
{
	release(d, c);
	return 0;
}

/* What each returns: an errno, 0, or -1 for one byte. */
static const struct {
	gulong request;
	int (*handle)(struct usb_bus_device *d, UMockdevIoctlClient *c);
} requests[] = {
	{ USBDEVFS_GET_CAPABILITIES, capabilities },
	{ USBDEVFS_CONNECTINFO, connect_info },
	{ USBDEVFS_CONTROL, control },
	{ USBDEVFS_CLAIMINTERFACE, claim_free },
	{ USBDEVFS_DISCONNECT_CLAIM, claim_from_driver },
	{ USBDEVFS_RELEASEINTERFACE, let_go },
	{ USBDEVFS_IOCTL, attach },
	{ USBDEVFS_GETDRIVER, get_driver },
	{ USBDEVFS_CLEAR_HALT, clear_halt },
	{ USBDEVFS_SETINTERFACE, set_interface },
	{ USBDEVFS_SUBMITURB, submit },
	{ USBDEVFS_DISCARDURB, discard },
};

static int handle(struct usb_bus_device *d, UMockdevIoctlClient *c, gulong request)
{
	for (size_t i = 0; i < COUNTOF(requests); i++)
		if (requests[i].request == request)
			return requests[i].handle(d, c);
	return ENOTTY;
}

static void ask(struct usb_bus_device *d, UMockdevIoctlClient *c)
{
	d->asker = g_object_ref(c);
	d->question = argument(c, sizeof(gpointer));
	clock_gettime(CLOCK_MONOTONIC, &d->until);
	d->until.tv_nsec += HOLD_MS * 1000000;
	d->until.tv_sec += d->until.tv_nsec / 1000000000;
	d->until.tv_nsec %= 1000000000;
	serve(d);
	pthread_cond_broadcast(&d->device->changed);
}

static gboolean on_ioctl(UMockdevIoctlBase *node, UMockdevIoctlClient *c,
			 struct usb_bus_device *d)
{
	gulong request = umockdev_ioctl_client_get_request(c);
	int why = 0;

	(void)node;
	pthread_mutex_lock(&d->device->lock);
	if (request == USBDEVFS_REAPURBNDELAY)
		ask(d, c);
	else
		why = handle(d, c, request);
	pthread_mutex_unlock(&d->device->lock);
	if (request != USBDEVFS_REAPURBNDELAY)
		umockdev_ioctl_client_complete(c, why > 0 ? -1 : -why, why > 0 ? why : 0);
	return TRUE;
}

/* Whoever closes the node has nothing on it any more. */
static void on_close(UMockdevIoctlClient *c, GParamSpec *what, UMockdevIoctlBase *node)
{
	struct usb_bus_device *d = g_object_get_data(G_OBJECT(node), "device");

	(void)what;
	if (!d)
		return;
	pthread_mutex_lock(&d->device->lock);
	release(d, c);
	pthread_mutex_unlock(&d->device->lock);
}

/* It may close it after the device is gone. */
static void on_open(UMockdevIoctlBase *node, UMockdevIoctlClient *c)
{
	g_signal_connect_object(c, "notify::connected", G_CALLBACK(on_close), node,
				(GConnectFlags)0);
}

/* Whatever bytes the device has for it. */
static void set_text(struct usb_bus_device *d, const char *name, const char *text)
{
	if (text)
		umockdev_testbed_set_attribute_binary(d->bus, d->sysdir[0], name,
						      (guint8 *)(uintptr_t)text,
						      (int)strlen(text));
}

struct usb_bus_device *usb_bus_plug(UMockdevTestbed *bus, const struct usb_show *show,
				    struct device *device)
{
	struct usb_bus_device *d = calloc(1, sizeof(*d));
	struct usb_show s = *show;
	uint8_t raw[USB_BUS_DESCRIPTORS];
	char *text;

	s.port = s.port ? s.port : "1-2";
	s.number = s.number ? s.number : 2;
	d->bus = bus;
	d->device = device;
	d->packet = s.packet ? s.packet : 512;
	d->driver = s.driver;
	d->bound = s.driver != NULL;
	d->in.end = &d->in.first;
	d->out.end = &d->out.first;
	d->ended.end = &d->ended.first;
	snprintf(d->path, sizeof(d->path), "/dev/bus/usb/%03lu/%03u",
		 strtoul(s.port, NULL, 10), s.number);
	d->sysdir[0] = g_strdup_printf("/sys/devices/pci0000:00/usb%lu/%s",
				       strtoul(s.port, NULL, 10), s.port);
	d->sysdir[1] = g_strdup_printf("%s/%s:1.0", d->sysdir[0], s.port);
	if (s.serial_port)
		d->sysdir[2] = g_strdup_printf("%s/%s:1.1/tty/ttyACM%u", d->sysdir[0],
					       s.port, s.number);
	d->node = umockdev_ioctl_base_new();
	g_signal_connect(d->node, "handle-ioctl", G_CALLBACK(on_ioctl), d);
	g_signal_connect(d->node, "client-connected", G_CALLBACK(on_open), NULL);
	g_object_set_data(G_OBJECT(d->node), "device", d);
	text = usb_show_device(&s, d->sysdir[0] + strlen("/sys"), d->path,
			       usb_show_descriptors(&s, raw, sizeof(raw)));
	g_assert_true(umockdev_testbed_attach_ioctl(bus, d->path, d->node, NULL));
	g_assert_true(umockdev_testbed_add_from_string(bus, text, NULL));
	free(text);
	set_text(d, "serial", s.serial);
	set_text(d, "manufacturer", s.maker);
	set_text(d, "product", s.name);
	d->plugged = true;
	pthread_create(&d->thread, NULL, run, d);
	return d;
}

void usb_bus_pull(struct usb_bus_device *d)
{
	if (!d->plugged)
		return;
	d->plugged = false;
	pthread_mutex_lock(&d->device->lock);
	if (!d->gone)
		cut_off(d);
	answer_asker(d);
	pthread_mutex_unlock(&d->device->lock);
	for (size_t i = COUNTOF(d->sysdir); i-- > 0;)
		if (d->sysdir[i])
			umockdev_testbed_remove_device(d->bus, d->sysdir[i]);
	umockdev_testbed_detach_ioctl(d->bus, d->path, NULL);
	pthread_mutex_lock(&d->device->lock);
	d->faults.slow_pull = false;
	answer_asker(d);
	pthread_mutex_unlock(&d->device->lock);
}

void usb_bus_free(struct usb_bus_device *d)
{
	struct urb *u;

	usb_bus_pull(d);
	pthread_mutex_lock(&d->device->lock);
	d->stop = true;
	pthread_cond_broadcast(&d->device->changed);
	pthread_mutex_unlock(&d->device->lock);
	pthread_join(d->thread, NULL);
	g_signal_handlers_disconnect_by_data(d->node, d);
	g_object_set_data(G_OBJECT(d->node), "device", NULL);
	while ((u = take(&d->ended, 0)))
		free_urb(u);
	g_object_unref(d->node);
	for (size_t i = 0; i < COUNTOF(d->sysdir); i++)
		g_free(d->sysdir[i]);
	free(d);
}

void usb_bus_set_faults(struct usb_bus_device *d, struct usb_faults f)
{
	pthread_mutex_lock(&d->device->lock);
	d->faults = f;
	pthread_cond_broadcast(&d->device->changed);
	pthread_mutex_unlock(&d->device->lock);
}

struct usb_seen usb_bus_seen(struct usb_bus_device *d)
{
	struct usb_seen seen;

	pthread_mutex_lock(&d->device->lock);
	seen = d->seen;
	pthread_mutex_unlock(&d->device->lock);
	return seen;
}
