/* SPDX-License-Identifier: Apache-2.0 */
/* USB/IP: whatever the host's messages are, a device answers each within bounds. */
#include <string.h>

#include "fuzz.h"
#include "sim/usb_face.h"

struct host {
	size_t answers;
};

static uint8_t seen[16384];

static void hear(void *ctx, struct imp_span header, struct imp_span data)
{
	struct host *h = ctx;
	struct imp_reader r = imp_reader(header);

	MUST(header.len == SIM_USBIP_HEADER);
	MUST(imp_take_u32be(&r) >= 3);
	(void)imp_take(&r, 20);
	MUST(data.len == 0 || imp_take_u32be(&r) == data.len);
	MUST(data.len <= sizeof(seen));
	if (data.len > 0)
		memcpy(seen, data.ptr, data.len); /* all of it can be read */
	h->answers++;
}

static struct imp_span take(struct imp_span *rest, size_t n)
{
	struct imp_span s = { rest->ptr, n < rest->len ? n : rest->len };

	rest->ptr += s.len;
	rest->len -= s.len;
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imp_span rest = { data, size };
	struct sim_usb_face face;
	struct host host = { 0 };
	size_t messages = 0, unlinks = 0;

	sim_usb_init(&face, "fuzzed", hear, &host);
	for (;;) {
		struct sim_usbip m;
		struct sim_usb_got got;
		struct imp_span follows;

		if (!sim_usbip_decode(take(&rest, SIM_USBIP_HEADER), &m))
			break;
		MUST(sim_usbip_follows(&m) <= SIM_USBIP_DATA);
		follows = take(&rest, sim_usbip_follows(&m));
		if (follows.len < sim_usbip_follows(&m))
			break;
		messages++;
		unlinks += m.kind == SIM_USBIP_UNLINK;
		if (sim_usb_take(&face, &m, follows, &got)) {
			MUST(got.bytes.len == follows.len && got.pipe < SIM_USB_PIPES);
			sim_usb_send(&face, got.pipe, got.bytes);
		}
		MUST(face.count <= SIM_USB_WAITING);
		MUST(host.answers + face.count + unlinks >= messages);
	}
	sim_usb_fini(&face);
	return 0;
}
