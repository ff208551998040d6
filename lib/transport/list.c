/* SPDX-License-Identifier: Apache-2.0 */
/* Which serial ports there are. */
#include <glob.h>

#include "transport/tty.h"

void imp_tty_each(void (*fn)(const char *path, void *arg), void *arg)
{
	static const char *const patterns[] = { "/dev/serial/by-id/*", "/dev/ttyACM*",
						"/dev/ttyUSB*" };

	/* by-id names every USB port already: the plain names only where udev made no
	 * links. */
	for (size_t i = 0; i < COUNTOF(patterns); i++) {
		glob_t g = { 0 };
		size_t found = glob(patterns[i], 0, NULL, &g) == 0 ? g.gl_pathc : 0;

		for (size_t k = 0; k < found; k++)
			fn(g.gl_pathv[k], arg);
		globfree(&g);
		if (i == 0 && found > 0)
			return;
	}
}
