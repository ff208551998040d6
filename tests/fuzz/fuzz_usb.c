/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors of USB: whatever they say, what is found in them can be used. */
#include "fuzz.h"
#include "transport/usb_descriptor.h"

static void usable(const struct usb_face *f)
{
	MUST((f->in & 0x80) && !(f->out & 0x80));
	MUST(f->packet_in >= 1 && f->packet_in <= USB_PACKET_MAX);
	MUST(f->packet_out >= 1 && f->packet_out <= USB_PACKET_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (unsigned configuration = 0; configuration < 3; configuration++) {
		struct usb_described d;
		bool whole = usb_describe((struct imp_span){ data, size },
					  (uint8_t)configuration, &d);

		MUST(d.faces <= USB_FACES);
		for (size_t i = 0; i < d.faces; i++)
			usable(&d.face[i]);
		MUST(!whole || size >= 18);
	}
	return 0;
}
