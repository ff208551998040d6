/* SPDX-License-Identifier: Apache-2.0 */
/* Reserved columns. */
#include <string.h>

#include "source/reserved.h"

static const char *const names[IMP_ROW_COLUMNS] = {
	[IMP_ROW_SERIAL] = "serial", [IMP_ROW_IMEI] = "imei",	[IMP_ROW_UEID] = "ueid",
	[IMP_ROW_ICCID] = "iccid",   [IMP_ROW_EID] = "eid",	[IMP_ROW_IMSI] = "imsi",
	[IMP_ROW_KEY] = "key",	     [IMP_ROW_CLASS] = "class", [IMP_ROW_PORT] = "port",
};

const char *imp_reserved_name(enum imp_reserved i)
{
	return names[i];
}

bool imp_reserved_is(const char *name)
{
	for (int i = 0; i < IMP_ROW_COLUMNS; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}
