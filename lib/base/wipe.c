/* SPDX-License-Identifier: Apache-2.0 */
/* Wiping memory that held a secret. */
#include <string.h>

#include "base/wipe.h"

void imp_wipe(void *ptr, size_t len)
{
	if (len == 0)
		return;
	memset(ptr, 0, len);
	/* The empty assembler may read the bytes, so the store is not dead. */
	__asm__ __volatile__("" : : "r"(ptr) : "memory");
}
