/* SPDX-License-Identifier: Apache-2.0 */
/* Progress of a batch: how far, how fast, how long yet; on a terminal only. */
#ifndef IMPRINT_PROGRESS_H
#define IMPRINT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *verb; /* "pack" */
	uint64_t total, done;
	uint64_t began_ns, drawn_ns;
	bool shown;
};

void progress_begin(struct progress *p, const char *verb, uint64_t total);
/* One more is done. */
void progress_step(struct progress *p);
/* Clear the line. Accepts a zeroed struct. */
void progress_end(struct progress *p);

#endif
