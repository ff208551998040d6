/* SPDX-License-Identifier: Apache-2.0 */
/* What a test program ends by when something must not be. */
#ifndef IMPRINT_TEST_MUST_H
#define IMPRINT_TEST_MUST_H

/* A property that must hold for every input. */
#define MUST(x)                           \
	do {                              \
		if (!(x))                 \
			__builtin_trap(); \
	} while (0)

#endif
