/* SPDX-License-Identifier: Apache-2.0 */
/* Hex and base64. */
#include "base/digits.h"

int imp_base64_digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool imp_from_base64(struct imp_span text, struct imp_writer *w)
{
	size_t n = text.len, pad = 0;
	uint32_t bits = 0;

	while (n > 0 && text.ptr[n - 1] == '=' && pad < 2)
		n--, pad++;
	for (size_t i = 0; i < n; i++) {
		int digit = imp_base64_digit(text.ptr[i]);

		if (digit < 0)
			return false;
		bits = bits << 6 | (uint32_t)digit;
		if (i % 4 > 0)
			imp_put_u8(w, (uint8_t)(bits >> (6 - 2 * (i % 4))));
	}
	return (n + pad) % 4 == 0 && (bits & ((1u << 2 * pad) - 1)) == 0;
}

static void put_group(struct imp_writer *w, const uint8_t *in, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = (uint32_t)in[0] << 16 | (n > 1 ? (uint32_t)in[1] << 8 : 0) |
			(n > 2 ? in[2] : 0);

	imp_put_u8(w, (uint8_t)digits[bits >> 18]);
	imp_put_u8(w, (uint8_t)digits[bits >> 12 & 63]);
	imp_put_u8(w, n > 1 ? (uint8_t)digits[bits >> 6 & 63] : '=');
	imp_put_u8(w, n > 2 ? (uint8_t)digits[bits & 63] : '=');
}

void imp_put_base64(struct imp_writer *w, struct imp_span bytes)
{
	for (size_t i = 0; i < bytes.len; i += 3)
		put_group(w, bytes.ptr + i, bytes.len - i < 3 ? bytes.len - i : 3);
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool imp_from_hex(struct imp_span text, struct imp_writer *w)
{
	for (size_t i = 0; i + 1 < text.len; i += 2) {
		int hi = hex_digit(text.ptr[i]), lo = hex_digit(text.ptr[i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		imp_put_u8(w, (uint8_t)(hi << 4 | lo));
	}
	return text.len % 2 == 0;
}

void imp_put_hex(struct imp_writer *w, struct imp_span bytes)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < bytes.len; i++) {
		imp_put_u8(w, (uint8_t)digits[bytes.ptr[i] >> 4]);
		imp_put_u8(w, (uint8_t)digits[bytes.ptr[i] & 15]);
	}
}

void imp_hex_text(struct imp_span bytes, char *out, size_t cap)
{
	size_t max = (cap - 1) / 2;
	struct imp_writer w = imp_writer((uint8_t *)out, 2 * max);

	imp_put_hex(&w,
		    (struct imp_span){ bytes.ptr, bytes.len < max ? bytes.len : max });
	out[w.len] = '\0';
}

void imp_hex(struct imp_span hash, char out[65])
{
	imp_hex_text(hash, out, 2 * 32 + 1);
}

void imp_short_hex(struct imp_span hash, char out[24])
{
	imp_hex_text(hash, out, 2 * 8 + 1);
}
