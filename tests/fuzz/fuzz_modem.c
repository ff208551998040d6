/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptions of modems: commands or mistakes; no command breaks its line or shows a
 * secret. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "source/at.h"
#include "source/catalog.h"
#include "source/modem.h"

static const char objects[] =
	"object: 10\nname: cellular\nresources:\n"
	"  psm-timer: {id: 4, type: int, unit: s, encoding: t3412-extended}\n"
	"  edrx-nb: {id: 9, type: opaque, encoding: edrx-nb}\n"
	"  power-saving: {id: 13, type: uint, bits: {psm: 0, edrx: 1}}\n"
	"---\nobject: 11\nname: apn\ninstances: multiple\nresources:\n"
	"  apn: {id: 1, type: apn}\n"
	"  auth: {id: 4, type: int, values: {pap: 0, chap: 1, none: 3}}\n"
	"  secret: {id: 6, type: text, secret: true}\n"
	"  rats: {id: 30, type: uint, multiple: true, values: {lte: 4, nb: 14}}\n";

/* {10: {0: {4: 36000, 9: h'35', 13: 3}}, 11: {0: {1: "a\"", 4: 0, 6: "MARKER\\", 30: {0:
 * 4, 1: 14}}, 2: {1: "b", 4: 3}}} */
static const uint8_t settings[] =
	"\xa2\x0a\xa1\x00\xa3\x04\x19\x8c\xa0\x09\x41\x35\x0d\x03"
	"\x0b\xa2\x00\xa4\x01\x62\x61\x22\x04\x00\x06\x67MARKER\\"
	"\x18\x1e\xa2\x00\x04\x01\x0e\x02\xa2\x01\x61\x62\x04\x03";

static void read_objects(struct imp_catalog *c)
{
	struct imp_secret text = { 0 };
	int fd = memfd_create("objects", 0);
	struct imp_error err;
	char path[32];

	MUST(write(fd, objects, sizeof(objects) - 1) == sizeof(objects) - 1);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	MUST(imp_catalog_add_file(c, path, &text, &err) == 0);
	close(fd);
}

static int look(void *ctx, const struct imp_at *at, struct imp_error *err)
{
	const bool *named = ctx; /* the description itself has the word */

	(void)err;
	MUST(at->why[0] || at->line.len >= 4);
	for (size_t i = 0; i < at->line.len; i++)
		MUST(at->line.ptr[i] >= ' ' && at->line.ptr[i] <= '~');
	MUST(*named || at->shown.len == 0 ||
	     !memmem(at->shown.ptr, at->shown.len, "MARKER", 6));
	MUST(*named || !strstr(at->why, "MARKER"));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct imp_catalog catalog;
	struct imp_secret mistakes = { 0 };
	struct imp_modem modem;
	struct imp_at_job job = {
		&modem, &catalog, { settings, sizeof(settings) - 1 }, { 0 }
	};
	bool named = size > 0 && memmem(data, size, "MARKER", 6);
	struct imp_error err;
	int rc;

	if (catalog.objects == 0)
		read_objects(&catalog);
	MUST(imp_settings_check(job.settings, &err) == 0);
	rc = imp_modem_parse(&modem, (struct imp_span){ data, size }, "m", &catalog,
			     &mistakes, &err);
	MUST(rc == 0 || (rc == -IMP_EFORMAT && mistakes.len > 0));
	if (rc == 0)
		MUST(imp_at_make(&job, look, &named, &err) == 0);
	imp_modem_fini(&modem);
	imp_secret_fini(&mistakes);
	return 0;
}
