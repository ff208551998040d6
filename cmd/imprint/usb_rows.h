/* SPDX-License-Identifier: Apache-2.0 */
/* Which USB interfaces are devices: the installed rows, and those of this host. */
#ifndef IMPRINT_USB_ROWS_H
#define IMPRINT_USB_ROWS_H

#include "source/usb_table.h"

/*
 * Read the installed usb.yaml, and behind it each imprint/usb.yaml that there is in the
 * user's folder of configuration and in the host's. Source: imprint-device(7).
 *
 *   t          zeroed; imp_usb_table_fini()
 *   mistakes   as imp_usb_table_read() has them
 *
 * 0, or the errors of imp_usb_table_read().
 */
int usb_rows_read(struct imp_usb_table *t, struct imp_secret *mistakes,
		  struct imp_error *err);

#endif
