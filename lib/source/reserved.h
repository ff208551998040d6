/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reserved columns: names in a table of devices that have a meaning of their own.
 *
 * Source: imprint-profile(5), rows.
 */
#ifndef IMP_SOURCE_RESERVED_H
#define IMP_SOURCE_RESERVED_H

#include <stdbool.h>

/* In their order; the first IMP_ROW_NAMES name a device. */
enum imp_reserved {
	IMP_ROW_SERIAL,
	IMP_ROW_IMEI,
	IMP_ROW_UEID,
	IMP_ROW_ICCID,
	IMP_ROW_EID,
	IMP_ROW_IMSI,
	IMP_ROW_KEY,
	IMP_ROW_CLASS,
	IMP_ROW_PORT,
	IMP_ROW_COLUMNS
};
enum { IMP_ROW_NAMES = IMP_ROW_UEID + 1 };

const char *imp_reserved_name(enum imp_reserved i); /* "serial" */
bool imp_reserved_is(const char *name);

#endif
