/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes: three types, one per kind of ownership.
 *
 *   struct imp_span    borrowed, read-only; copied by value; never freed
 *   struct imp_reader  cursor over a span
 *   struct imp_writer  cursor over caller-owned storage of fixed size
 *
 * Readers and writers fail once and stay failed: after the first access out of
 * bounds, reads yield zeros and writes do nothing. Check `ok` once, at the end.
 */
#ifndef IMP_BASE_BYTES_H
#define IMP_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct imp_span {
	const uint8_t *ptr;
	size_t len; /* bytes */
};

struct imp_reader {
	struct imp_span rest; /* bytes not yet consumed */
	bool ok;
};

struct imp_writer {
	uint8_t *ptr;
	size_t cap, len; /* bytes; len <= cap always */
	bool ok;
};

/* A span over an array (not a pointer), or over a string literal without its NUL. */
#define IMP_SPAN(array) ((struct imp_span){ (const uint8_t *)(array), sizeof(array) })
#define IMP_TEXT(literal) \
	((struct imp_span){ (const uint8_t *)(literal), sizeof(literal) - 1 })

struct imp_span imp_span_str(const char *s); /* without its NUL; NULL is empty */

struct imp_reader imp_reader(struct imp_span in);
struct imp_span imp_take(struct imp_reader *r, size_t n);
uint8_t imp_take_u8(struct imp_reader *r);
uint16_t imp_take_u16be(struct imp_reader *r);
uint32_t imp_take_u32be(struct imp_reader *r);
uint64_t imp_take_u64be(struct imp_reader *r);

struct imp_writer imp_writer(uint8_t *ptr, size_t cap);
void imp_put(struct imp_writer *w, struct imp_span s);
void imp_put_u8(struct imp_writer *w, uint8_t v);
void imp_put_u16be(struct imp_writer *w, uint16_t v);
void imp_put_u32be(struct imp_writer *w, uint32_t v);
void imp_put_u64be(struct imp_writer *w, uint64_t v);
/* What was written; empty when the writer has failed. */
struct imp_span imp_written(const struct imp_writer *w);

/* Equal bytes; for public values. */
bool imp_span_eq(struct imp_span a, struct imp_span b);
/* Bytewise order as memcmp, a proper prefix first: <0, 0, >0. */
int imp_span_cmp(struct imp_span a, struct imp_span b);
/*
 * The code point that `s` starts with: its length in bytes (1..4), or 0 where s is empty
 * or not UTF-8 (overlong forms, surrogates and code points above U+10FFFF are not). *cp
 * is valid when the result is not 0. Source: RFC 3629.
 */
size_t imp_utf8(struct imp_span s, uint32_t *cp);
/* C0, DEL and C1: never shown, never accepted in a text. */
bool imp_is_control(uint32_t cp);
/* Reorders the text around it: never shown. Source: Unicode UAX 9, Bidi_Control. */
bool imp_is_bidirectional(uint32_t cp);
/* Either of the two: what a terminal is not given. */
bool imp_is_hidden(uint32_t cp);
/* Is it UTF-8 without control characters: what a text of ours may be? */
bool imp_text_clean(struct imp_span s);
/* Equal in constant time for a given length. Lengths themselves may leak. */
bool imp_span_eq_ct(struct imp_span a, struct imp_span b);

#endif
