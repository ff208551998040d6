/* SPDX-License-Identifier: Apache-2.0 */
/* The two checksums of the framings. */
#ifndef IMP_WIRE_CRC_H
#define IMP_WIRE_CRC_H

#include "base/bytes.h"

/* CRC-16/XMODEM: poly 1021, init 0. Continue with the last result. "123456789" gives
 * 0x31c3. */
uint16_t imp_crc16(uint16_t crc, struct imp_span bytes);
/* CRC-32/ISO-HDLC; start with 0, continue with the last result. "123456789" gives
 * 0xcbf43926. */
uint32_t imp_crc32(uint32_t crc, struct imp_span bytes);

#endif
