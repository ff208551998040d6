/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as text: hex and base64. */
#ifndef IMP_BASE_DIGITS_H
#define IMP_BASE_DIGITS_H

#include "base/bytes.h"

/* The value of a digit of base64; -1 where it is none. Source: RFC 4648 4. */
int imp_base64_digit(uint8_t c);
/*
 * Decode base64, strictly: padded, no bits left over, nothing else in it.
 *
 * false where the text is not that; what does not fit makes the writer fail. Source: RFC
 * 4648 3.5, 4.
 */
bool imp_from_base64(struct imp_span text, struct imp_writer *w);
void imp_put_base64(struct imp_writer *w, struct imp_span bytes); /* padded */
/* Decode hex of either case, two digits a byte. Returned as above. */
bool imp_from_hex(struct imp_span text, struct imp_writer *w);
void imp_put_hex(struct imp_writer *w, struct imp_span bytes); /* lower case */
/* Hex as a string: as many whole bytes as cap (1 or more) has room for with its end. */
void imp_hex_text(struct imp_span bytes, char *out, size_t cap);
/* A hash of at most 32 bytes as a string: all of it, or its first eight bytes for people.
 */
void imp_hex(struct imp_span hash, char out[65]);
void imp_short_hex(struct imp_span hash, char out[24]);

#endif
