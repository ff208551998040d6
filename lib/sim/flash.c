/* SPDX-License-Identifier: Apache-2.0 */
/* The emulated flash of one device. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "sim/flash.h"

enum { FILE_LEN = 2 * SIM_HALF + SIM_PAGE };

/* The board's page: u32 boot count, u16 length, endorsement. Erased flash is all ones. */
static uint8_t *page(const struct sim_flash *f)
{
	return f->map + 2 * SIM_HALF;
}

static int make_blank(int fd)
{
	uint8_t ones[SIM_PAGE];

	memset(ones, 0xff, sizeof(ones));
	for (size_t at = 0; at < FILE_LEN; at += sizeof(ones))
		if (pwrite(fd, ones, sizeof(ones), (off_t)at) != (ssize_t)sizeof(ones))
			return -1;
	return 0;
}

int sim_flash_open(struct sim_flash *f, const char *path, struct imp_error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat st;
	void *map;
	int rc = 0;

	if (fd < 0 || fstat(fd, &st) != 0) {
		rc = imp_fail(err, imp_file_code(errno), "%s: %s", path, strerror(errno));
	} else if (st.st_size == 0 && make_blank(fd)) {
		rc = imp_fail(err, IMP_ERESOURCE, "%s: %s", path, strerror(errno));
		unlink(path);
	} else if (st.st_size != 0 && st.st_size != FILE_LEN) {
		rc = imp_fail(err, IMP_EFORMAT,
			      "%s: has %lld bytes, expected %d: not the flash of a "
			      "simulated device",
			      path, (long long)st.st_size, FILE_LEN);
	}
	if (!rc) {
		map = mmap(NULL, FILE_LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (map == MAP_FAILED)
			rc = imp_fail(err, IMP_ERESOURCE, "%s: %s", path,
				      strerror(errno));
		else
			f->map = map;
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

void sim_flash_close(struct sim_flash *f)
{
	if (f->map)
		munmap(f->map, FILE_LEN);
	f->map = NULL;
}

/* Count an operation: 0 do it, 1 do half of it and lose power, -1 there is no power. */
static int power(struct sim_flash *f)
{
	if (f->off)
		return -1;
	f->ops++;
	if (f->cut_next == f->cuts || f->ops < f->cut[f->cut_next])
		return 0;
	f->cut_next++;
	f->off = true;
	return 1;
}

int sim_flash_read(const struct sim_flash *f, unsigned half, uint32_t off, uint8_t *buf,
		   size_t len)
{
	if (f->off || half > 1 || off > SIM_HALF || len > SIM_HALF - off)
		return -1;
	memcpy(buf, f->map + half * SIM_HALF + off, len);
	return 0;
}

int sim_flash_erase(struct sim_flash *f, unsigned half)
{
	int cut = half > 1 ? -1 : power(f);

	if (cut >= 0)
		memset(f->map + half * SIM_HALF, 0xff, cut ? SIM_HALF / 2 : SIM_HALF);
	return cut ? -1 : 0;
}

int sim_flash_write(struct sim_flash *f, unsigned half, uint32_t off, const uint8_t *buf,
		    size_t len)
{
	uint8_t *to = f->map + half * SIM_HALF + off;
	int cut;

	if (half > 1 || off > SIM_HALF || len > SIM_HALF - off || off % SIM_UNIT ||
	    len % SIM_UNIT)
		return -1;
	for (size_t i = 0; i < len; i++)
		if (to[i] != 0xff)
			return -1;
	cut = power(f);
	if (cut >= 0)
		memcpy(to, buf, cut ? len / 2 : len);
	return cut ? -1 : 0;
}

int sim_flash_sync(struct sim_flash *f)
{
	return power(f) ? -1 : 0;
}

uint32_t sim_flash_boot(struct sim_flash *f)
{
	uint8_t *p = page(f);
	uint32_t boots =
		(uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];

	boots++; /* all ones becomes 0: the first boot is number 1 */
	if (boots == 0)
		boots = 1;
	f->off = false;
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(boots >> (24 - 8 * i));
	return boots;
}

struct imp_span sim_flash_endorsement(const struct sim_flash *f)
{
	const uint8_t *p = page(f);
	size_t len = (size_t)p[4] << 8 | p[5];

	return len <= SIM_ENDORSEMENT_MAX ? (struct imp_span){ p + 6, len }
					  : (struct imp_span){ 0 };
}

void sim_flash_set_endorsement(struct sim_flash *f, struct imp_span endorsement)
{
	uint8_t *p = page(f);

	memcpy(p + 6, endorsement.ptr, endorsement.len);
	p[4] = (uint8_t)(endorsement.len >> 8);
	p[5] = (uint8_t)endorsement.len;
}
