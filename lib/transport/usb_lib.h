/* SPDX-License-Identifier: Apache-2.0 */
/* libusb, loaded when a device on USB is opened. Private to lib/transport. */
#ifndef IMP_TRANSPORT_USB_LIB_H
#define IMP_TRANSPORT_USB_LIB_H

#include <libusb.h>

#include "base/error.h"

#define LIBUSB(X)                          \
	X(alloc_transfer)                  \
	X(cancel_transfer)                 \
	X(claim_interface)                 \
	X(clear_halt)                      \
	X(close)                           \
	X(exit)                            \
	X(free_pollfds)                    \
	X(free_transfer)                   \
	X(get_device)                      \
	X(get_device_descriptor)           \
	X(get_pollfds)                     \
	X(handle_events_timeout_completed) \
	X(init)                            \
	X(release_interface)               \
	X(set_auto_detach_kernel_driver)   \
	X(set_interface_alt_setting)       \
	X(set_option)                      \
	X(strerror)                        \
	X(submit_transfer)                 \
	X(wrap_sys_device)

struct usb_lib {
#define MEMBER(f) __typeof__(libusb_##f) *f;
	LIBUSB(MEMBER)
#undef MEMBER
};

/* As imp_load(). */
int usb_lib_load(struct usb_lib *out, struct imp_error *err) IMP_MUST_CHECK;

#endif
