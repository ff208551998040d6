/* SPDX-License-Identifier: Apache-2.0 */
/* Spans, readers and writers. */
#include <string.h>

#include "base/bytes.h"

struct imp_span imp_span_str(const char *s)
{
	return (struct imp_span){ (const uint8_t *)s, s ? strlen(s) : 0 };
}

struct imp_reader imp_reader(struct imp_span in)
{
	return (struct imp_reader){ .rest = in, .ok = true };
}

struct imp_span imp_take(struct imp_reader *r, size_t n)
{
	struct imp_span head = { .ptr = r->rest.ptr, .len = n };

	if (!r->ok || n > r->rest.len) {
		r->ok = false;
		return (struct imp_span){ 0 };
	}
	if (n > 0)
		r->rest.ptr += n;
	r->rest.len -= n;
	return head;
}

static uint64_t take_be(struct imp_reader *r, size_t n)
{
	struct imp_span s = imp_take(r, n);
	uint64_t v = 0;

	for (size_t i = 0; i < s.len; i++)
		v = v << 8 | s.ptr[i];
	return v;
}

uint8_t imp_take_u8(struct imp_reader *r)
{
	return (uint8_t)take_be(r, 1);
}

uint16_t imp_take_u16be(struct imp_reader *r)
{
	return (uint16_t)take_be(r, 2);
}

uint32_t imp_take_u32be(struct imp_reader *r)
{
	return (uint32_t)take_be(r, 4);
}

uint64_t imp_take_u64be(struct imp_reader *r)
{
	return take_be(r, 8);
}

struct imp_writer imp_writer(uint8_t *ptr, size_t cap)
{
	return (struct imp_writer){ .ptr = ptr, .cap = cap, .ok = true };
}

void imp_put(struct imp_writer *w, struct imp_span s)
{
	if (!w->ok || s.len > w->cap - w->len) {
		w->ok = false;
		return;
	}
	if (s.len > 0)
		memcpy(w->ptr + w->len, s.ptr, s.len);
	w->len += s.len;
}

static void put_be(struct imp_writer *w, uint64_t v, size_t n)
{
	uint8_t be[8];

	for (size_t i = 0; i < n; i++)
		be[i] = (uint8_t)(v >> 8 * (n - 1 - i));
	imp_put(w, (struct imp_span){ be, n });
}

void imp_put_u8(struct imp_writer *w, uint8_t v)
{
	put_be(w, v, 1);
}

void imp_put_u16be(struct imp_writer *w, uint16_t v)
{
	put_be(w, v, 2);
}

void imp_put_u32be(struct imp_writer *w, uint32_t v)
{
	put_be(w, v, 4);
}

void imp_put_u64be(struct imp_writer *w, uint64_t v)
{
	put_be(w, v, 8);
}

struct imp_span imp_written(const struct imp_writer *w)
{
	return w->ok ? (struct imp_span){ w->ptr, w->len } : (struct imp_span){ 0 };
}

bool imp_span_eq(struct imp_span a, struct imp_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

int imp_span_cmp(struct imp_span a, struct imp_span b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n > 0 ? memcmp(a.ptr, b.ptr, n) : 0;

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

bool imp_span_eq_ct(struct imp_span a, struct imp_span b)
{
	uint8_t diff = 0;

	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		diff |= a.ptr[i] ^ b.ptr[i];
	return diff == 0;
}

size_t imp_utf8(struct imp_span s, uint32_t *cp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n;
	uint32_t v;

	if (s.len == 0 || (s.ptr[0] >= 0x80 && s.ptr[0] < 0xc0) || s.ptr[0] >= 0xf8)
		return 0;
	n = s.ptr[0] < 0x80 ? 1 : s.ptr[0] < 0xe0 ? 2 : s.ptr[0] < 0xf0 ? 3 : 4;
	if (n > s.len)
		return 0;
	v = n == 1 ? s.ptr[0] : s.ptr[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s.ptr[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (s.ptr[i] & 0x3fu);
	}
	if (v < least[n] || (v >= 0xd800 && v < 0xe000) || v > 0x10ffff)
		return 0;
	*cp = v;
	return n;
}

bool imp_is_control(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0);
}

bool imp_text_clean(struct imp_span s)
{
	while (s.len > 0) {
		uint32_t cp;
		size_t n = imp_utf8(s, &cp);

		if (n == 0 || imp_is_control(cp))
			return false;
		s = (struct imp_span){ s.ptr + n, s.len - n };
	}
	return true;
}

bool imp_is_bidirectional(uint32_t cp)
{
	return (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069) ||
	       cp == 0x200e || cp == 0x200f || cp == 0x061c;
}

bool imp_is_hidden(uint32_t cp)
{
	return imp_is_control(cp) || imp_is_bidirectional(cp);
}
