/* SPDX-License-Identifier: Apache-2.0 */
/* Loading libusb. */
#include "transport/usb_lib.h"
#include "base/load.h"

#define SYMBOL(f) { "libusb_" #f, offsetof(struct usb_lib, f) },
static const struct imp_symbol symbols[] = { LIBUSB(SYMBOL) };

int usb_lib_load(struct usb_lib *out, struct imp_error *err)
{
	static const struct imp_library libusb = {
		.file = "libusb-1.0.so.0",
		.package = "libusb-1.0-0",
		.release = "libusb 1.0.24",
		.code = IMP_ETRANSPORT,
		.symbol = symbols,
		.symbols = COUNTOF(symbols),
	};
	return imp_load(&libusb, out, err);
}
