/* SPDX-License-Identifier: Apache-2.0 */
/* Which USB interfaces are devices: the installed rows, and those of this host. */
#include <unistd.h>

#include "datadir.h"
#include "statedir.h"
#include "usb_rows.h"

int usb_rows_read(struct imp_usb_table *t, struct imp_secret *mistakes,
		  struct imp_error *err)
{
	char path[PATH_MAX];
	int rc;

	usb_file(path, sizeof(path));
	rc = imp_usb_table_read(t, path, mistakes, err);
	for (size_t i = 0; !rc && config_path(i, "usb.yaml", path); i++)
		if (path[0] && access(path, F_OK) == 0)
			rc = imp_usb_table_read(t, path, mistakes, err);
	return rc;
}
