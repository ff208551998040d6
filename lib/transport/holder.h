/* SPDX-License-Identifier: Apache-2.0 */
/* Who has a device node open. */
#ifndef IMP_TRANSPORT_HOLDER_H
#define IMP_TRANSPORT_HOLDER_H

#include <stdbool.h>
#include <stddef.h>

/* "process 1234 (ModemManager)" of the first other process that has the node open; false
 * where none is found or /proc does not tell. */
bool imp_holder_name(const char *path, char *out, size_t cap);

#endif
