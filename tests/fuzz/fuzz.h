/* SPDX-License-Identifier: Apache-2.0 */
/* What every fuzz target has. */
#ifndef IMPRINT_FUZZ_H
#define IMPRINT_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that must hold for every input. */
#define MUST(x)                           \
	do {                              \
		if (!(x))                 \
			__builtin_trap(); \
	} while (0)

#endif
