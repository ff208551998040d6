/* SPDX-License-Identifier: Apache-2.0 */
/* CSV: every row has as many fields as the header or the first row, and each is text. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "source/csv.h"

static int number(void *ctx, const struct imp_csv *csv, size_t fields,
		  const char *const **names, struct imp_error *err)
{
	static const char *const all[] = { "1", "2", "3" };

	(void)ctx, (void)csv, (void)err;
	*names = fields <= sizeof(all) / sizeof(all[0]) ? all : NULL;
	return 0;
}

static size_t read_all(struct imp_csv *csv, size_t size)
{
	struct imp_error err;
	size_t rows = 0;

	for (; imp_csv_next(csv, &err) > 0; rows++)
		for (size_t i = 0; i < csv->columns; i++)
			MUST(strlen(imp_csv_field(csv, i)) <= size);
	return rows;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("csv", MFD_CLOEXEC);
	struct imp_csv csv = { 0 };
	struct imp_error err;
	char path[32];

	MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	if (imp_csv_open(&csv, path, ',', &err) == 0) {
		read_all(&csv, size);
		imp_csv_close(&csv);
	}
	if (imp_csv_open_bare(&csv, path, ',', number, NULL, &err) == 0) {
		size_t rows = read_all(&csv, size);

		MUST(imp_csv_rewind(&csv, &err) == 0);
		MUST(read_all(&csv, size) == rows);
		imp_csv_close(&csv);
	}
	close(fd);
	return 0;
}
