/* SPDX-License-Identifier: Apache-2.0 */
/* The cursor over bytes that the gate has passed. */
#include "cbor/scan.h"

void imp_cbor_fail(struct imp_cbor *c, const char *why)
{
	if (c->bad)
		return;
	c->bad = why;
	c->bad_at = c->at;
}

bool imp_cbor_ok(const struct imp_cbor *c)
{
	return !c->bad;
}

bool imp_cbor_done(const struct imp_cbor *c)
{
	return !c->bad && c->at == c->in.len;
}

enum imp_cbor_type imp_cbor_peek(const struct imp_cbor *c)
{
	static const enum imp_cbor_type type[] = {
		IMP_T_INT,   IMP_T_INT, IMP_T_BYTES, IMP_T_TEXT,
		IMP_T_ARRAY, IMP_T_MAP, IMP_T_TAG,   IMP_T_OTHER,
	};
	uint8_t first;

	if (c->bad || c->at >= c->in.len)
		return IMP_T_NONE;
	first = c->in.ptr[c->at];
	if (first == 0xf4 || first == 0xf5)
		return IMP_T_BOOL;
	if (first == 0xf6)
		return IMP_T_NULL;
	return type[first >> 5];
}

/* Take the head of an item of the given major type. */
static bool take(struct imp_cbor *c, enum imp_cbor_major major, const char *expected,
		 struct head *h)
{
	const char *bad = c->bad ? c->bad : head_at(c->in, c->at, h);

	if (!bad && h->major != major)
		bad = expected;
	if (bad) {
		imp_cbor_fail(c, bad);
		return false;
	}
	c->at += h->len;
	return true;
}

int64_t imp_cbor_int(struct imp_cbor *c)
{
	bool negative = c->at < c->in.len && c->in.ptr[c->at] >> 5 == IMP_CBOR_NINT;
	struct head h;

	if (!take(c, negative ? IMP_CBOR_NINT : IMP_CBOR_UINT, "expected an integer", &h))
		return 0;
	if (h.value > INT64_MAX) {
		c->at -= h.len;
		imp_cbor_fail(c, "integer outside signed 64 bits");
		return 0;
	}
	return negative ? -1 - (int64_t)h.value : (int64_t)h.value;
}

uint64_t imp_cbor_uint(struct imp_cbor *c)
{
	return imp_cbor_uint_max(c, UINT64_MAX);
}

uint64_t imp_cbor_uint_max(struct imp_cbor *c, uint64_t max)
{
	struct head h;

	if (!take(c, IMP_CBOR_UINT, "expected an unsigned integer", &h))
		return 0;
	if (h.value <= max)
		return h.value;
	c->at -= h.len;
	imp_cbor_fail(c, "integer is larger than allowed here");
	return 0;
}

static struct imp_span string(struct imp_cbor *c, enum imp_cbor_major major,
			      const char *expected)
{
	struct imp_span s = { 0 };
	struct head h;

	if (!take(c, major, expected, &h))
		return s;
	if (h.indefinite || h.value > c->in.len - c->at) {
		c->at -= h.len;
		imp_cbor_fail(c, "expected a string of definite length");
		return s;
	}
	s = (struct imp_span){ c->in.ptr + c->at, (size_t)h.value };
	c->at += s.len;
	return s;
}

struct imp_span imp_cbor_bytes(struct imp_cbor *c)
{
	return string(c, IMP_CBOR_BYTES, "expected a byte string");
}

struct imp_span imp_cbor_bytes_len(struct imp_cbor *c, size_t min, size_t max)
{
	size_t at = c->at;
	struct imp_span s = imp_cbor_bytes(c);

	if (c->bad || (s.len >= min && s.len <= max))
		return s;
	c->at = at;
	imp_cbor_fail(c, "byte string of another length than allowed here");
	return (struct imp_span){ 0 };
}

struct imp_span imp_cbor_text(struct imp_cbor *c)
{
	return string(c, IMP_CBOR_TEXT, "expected a text string");
}

bool imp_cbor_bool(struct imp_cbor *c)
{
	if (imp_cbor_peek(c) != IMP_T_BOOL) {
		imp_cbor_fail(c, "expected true or false");
		return false;
	}
	return c->in.ptr[c->at++] == 0xf5;
}

void imp_cbor_null(struct imp_cbor *c)
{
	if (imp_cbor_peek(c) != IMP_T_NULL)
		imp_cbor_fail(c, "expected null");
	else
		c->at++;
}

static size_t count(struct imp_cbor *c, enum imp_cbor_major major, const char *expected)
{
	struct head h;

	if (!take(c, major, expected, &h))
		return 0;
	return h.indefinite ? IMP_CBOR_OPEN : (size_t)h.value;
}

size_t imp_cbor_array(struct imp_cbor *c)
{
	return count(c, IMP_CBOR_ARRAY, "expected an array");
}

size_t imp_cbor_map(struct imp_cbor *c)
{
	return count(c, IMP_CBOR_MAP, "expected a map");
}

uint64_t imp_cbor_tag(struct imp_cbor *c)
{
	struct head h;

	return take(c, IMP_CBOR_TAG, "expected a tag", &h) ? h.value : 0;
}

struct imp_span imp_cbor_item(struct imp_cbor *c)
{
	struct imp_span rest = { c->in.ptr + c->at, c->in.len - c->at };
	struct imp_cbor_fault fault;
	size_t len = c->bad ? 0 : imp_cbor_item_len(rest, IMP_CBOR_ANY, &fault);

	if (len == 0) {
		imp_cbor_fail(c, "expected an item");
		return (struct imp_span){ 0 };
	}
	c->at += len;
	return (struct imp_span){ rest.ptr, len };
}

bool imp_cbor_more(struct imp_cbor *c, size_t *left)
{
	if (c->bad || c->at > c->in.len)
		return false;
	if (*left != IMP_CBOR_OPEN)
		return *left > 0 && (*left)--;
	if (c->at < c->in.len && c->in.ptr[c->at] != 0xff)
		return true;
	if (c->at == c->in.len)
		imp_cbor_fail(c, imp_cbor_truncated);
	else
		c->at++;
	return false;
}

void imp_cbor_expect_array(struct imp_cbor *c, size_t n)
{
	size_t at = c->at;

	if (imp_cbor_array(c) == n || c->bad)
		return;
	c->at = at;
	imp_cbor_fail(c, "array of another length than expected here");
}

void imp_cbor_expect_int(struct imp_cbor *c, int64_t v)
{
	size_t at = c->at;

	if (imp_cbor_int(c) == v || c->bad)
		return;
	c->at = at;
	imp_cbor_fail(c, "another number than expected here");
}

int imp_cbor_refuse(const struct imp_cbor_fault *f, const char *what,
		    struct imp_error *err)
{
	return imp_fail(err, IMP_EFORMAT, "%s: offset %zu: %s", what, f->offset, f->rule);
}

int imp_cbor_finish(const struct imp_cbor *c, const char *what, struct imp_error *err)
{
	struct imp_cbor_fault f = { c->bad_at, c->bad };

	if (imp_cbor_done(c))
		return 0;
	if (!c->bad)
		f = (struct imp_cbor_fault){ c->at, "more items than expected" };
	return imp_cbor_refuse(&f, what, err);
}
