/* SPDX-License-Identifier: Apache-2.0 */
/* Run a fuzz target over a folder of inputs, and over cut and flipped copies of each. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum { INPUT_MAX = 1 << 16 };

static uint8_t buf[INPUT_MAX];

static void run(size_t len)
{
	uint8_t *exact =
		malloc(len ? len : 1); /* so that a sanitizer sees one byte too many */

	MUST(exact);
	memcpy(exact, buf, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
}

static void one(const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t len = f ? fread(buf, 1, sizeof(buf), f) : 0;

	if (!f)
		return;
	fclose(f);
	run(len);
	for (size_t cut = 0; cut < len && cut < 400; cut++)
		run(cut);
	for (size_t i = 0; i < len && i < 400; i++) {
		buf[i] ^= 0x80;
		run(len);
		buf[i] ^= 0x80 ^ (uint8_t)(1u << i % 7);
		run(len);
		buf[i] ^= (uint8_t)(1u << i % 7);
	}
}

int main(int argc, char **argv)
{
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	unsigned n = 0;

	if (!dir)
		return 1;
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		char path[4096];

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], e->d_name);
		one(path);
		n++;
	}
	closedir(dir);
	printf("%u inputs\n", n);
	return n == 0;
}
