/* SPDX-License-Identifier: Apache-2.0 */
/* CSV: every row has as many fields as the header, and each is text. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "source/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("csv", MFD_CLOEXEC);
	struct imp_csv csv = { 0 };
	struct imp_error err;
	char path[32];

	MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	if (imp_csv_open(&csv, path, ',', &err) == 0) {
		while (imp_csv_next(&csv, &err) > 0)
			for (size_t i = 0; i < csv.columns; i++)
				MUST(strlen(imp_csv_field(&csv, i)) <= size);
		imp_csv_close(&csv);
	}
	close(fd);
	return 0;
}
