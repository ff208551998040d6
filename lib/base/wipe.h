/* SPDX-License-Identifier: Apache-2.0 */
/* Wiping memory that held a secret. */
#ifndef IMP_BASE_WIPE_H
#define IMP_BASE_WIPE_H

#include <stddef.h>

/* Overwrite with zeros, also where the compiler sees no later read. */
void imp_wipe(void *ptr, size_t len);

#endif
