/* SPDX-License-Identifier: Apache-2.0 */
/* Reading which USB interfaces are devices. Source: imprint-device(7). */
#ifndef IMP_SOURCE_USB_TABLE_H
#define IMP_SOURCE_USB_TABLE_H

#include "source/diag.h"
#include "transport/usb.h"

enum { IMP_USB_ROWS = 256 };

struct imp_usb_table {
	struct imp_usb_ids ids;
	struct imp_usb_id row[IMP_USB_ROWS];
	char *interface[IMP_USB_ROWS]; /* of each row; owned; NULL */
};

/*
 * Read a file of rows, behind those that were read.
 *
 *   t      zeroed before the first
 *   text   receives the mistakes (source/mistake.h) where -IMP_EFORMAT is returned
 *
 * 0, -IMP_EUSAGE (no such file), -IMP_EFORMAT, -IMP_ERESOURCE.
 */
int imp_usb_table_read(struct imp_usb_table *t, const char *path, struct imp_secret *text,
		       struct imp_error *err) IMP_MUST_CHECK;
/* Accepts a zeroed struct. Fits CLEANUP(). */
void imp_usb_table_fini(struct imp_usb_table *t);

#endif
