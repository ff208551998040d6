/* SPDX-License-Identifier: Apache-2.0 */
/* The one function that encodes a CBOR head: libcbor's on hosts (head_libcbor.c), ours
 * where there is no operating system (head_bare.c). */
#ifndef IMP_CBOR_HEAD_H
#define IMP_CBOR_HEAD_H

#include <stddef.h>
#include <stdint.h>

#include "cbor/writer.h"

/* Write the shortest head; returns its length, 1..9. */
size_t imp_cbor_head(uint8_t out[9], enum imp_cbor_major major, uint64_t value);

#endif
