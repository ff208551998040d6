/* SPDX-License-Identifier: Apache-2.0 */
/* One transfer: submitted, waited for, and taken back where the time is up. */
#include <sys/time.h>

#include "transport/usb_move.h"
#include "transport/wait.h"

static void LIBUSB_CALL note_end(struct libusb_transfer *t)
{
	bool *ended = t->user_data;

	*ended = true;
}

/* What libusb wants to be woken for. */
static size_t gather(const struct usb_lib *lib, libusb_context *ctx,
		     struct pollfd out[WAIT_FDS])
{
	const struct libusb_pollfd **list = lib->get_pollfds(ctx);
	size_t n = 0;

	for (; list && list[n] && n < WAIT_FDS; n++)
		out[n] = (struct pollfd){ .fd = list[n]->fd, .events = list[n]->events };
	lib->free_pollfds(list);
	return n;
}

/* Wait for anything to happen, and let libusb see to it. As wait_any(). */
static int turn(const struct usb_lib *lib, libusb_context *ctx,
		const struct imp_wait *wait, const char *name, struct imp_error *err)
{
	struct pollfd fds[WAIT_FDS];
	struct timeval no_time = { 0 };
	int rc = wait_any(fds, gather(lib, ctx, fds), wait, name, err);

	if (rc > 0)
		(void)lib->handle_events_timeout_completed(ctx, &no_time, NULL);
	return rc;
}

/* The kernel gives every transfer back, the cancelled one soon. Until then its memory is
 * not ours. */
static void take_back(const struct usb_lib *lib, libusb_context *ctx,
		      struct libusb_transfer *t, const bool *ended)
{
	struct timeval second = { .tv_sec = 1 };

	(void)lib->cancel_transfer(t);
	while (!*ended)
		(void)lib->handle_events_timeout_completed(ctx, &second, NULL);
}

static enum usb_went outcome(const struct libusb_transfer *t)
{
	switch (t->status) {
	case LIBUSB_TRANSFER_COMPLETED:
		return USB_DONE;
	case LIBUSB_TRANSFER_STALL:
		return USB_HALTED;
	case LIBUSB_TRANSFER_NO_DEVICE:
		return USB_GONE;
	case LIBUSB_TRANSFER_OVERFLOW:
		return USB_TOO_BIG;
	case LIBUSB_TRANSFER_TIMED_OUT:
	case LIBUSB_TRANSFER_CANCELLED:
	case LIBUSB_TRANSFER_ERROR:
		break;
	}
	return USB_FAILED;
}

int usb_move(const struct usb_lib *lib, libusb_context *ctx, struct libusb_transfer *t,
	     const struct imp_wait *wait, const char *name, struct imp_error *err)
{
	bool ended = false, late;
	int rc;

	t->callback = note_end;
	t->user_data = &ended;
	t->timeout = 0; /* the deadline is ours */
	t->actual_length = 0;
	rc = lib->submit_transfer(t);
	if (rc)
		return rc == LIBUSB_ERROR_NO_DEVICE ? USB_GONE : USB_FAILED;
	/* Events of other things than this transfer must not outlast the deadline. */
	do {
		late = imp_now_ns() >= wait->deadline_ns;
		rc = turn(lib, ctx, wait, name, err);
	} while (!ended && rc > 0 && !late);
	if (!ended)
		take_back(lib, ctx, t, &ended);
	if (rc < 0)
		return rc;
	if (t->status == LIBUSB_TRANSFER_CANCELLED)
		return USB_LATE;
	return (int)outcome(t);
}
