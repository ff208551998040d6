/* SPDX-License-Identifier: Apache-2.0 */
/* What every fuzz target has. */
#ifndef IMPRINT_FUZZ_H
#define IMPRINT_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "../ram/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
