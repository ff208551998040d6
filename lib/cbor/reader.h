/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CBOR reader: zero copy, no heap, no recursion.
 *
 * Untrusted bytes are first checked whole by imp_cbor_open() against a set of rules; the
 * cursor it yields then reads item by item, fails once and stays failed: after the first
 * mismatch reads yield zeros. Check imp_cbor_ok() once, at the end. Everything handed out
 * is borrowed from the input.
 *
 * Strict rules (imprint's own objects): one item, no trailing bytes; shortest forms,
 * definite lengths; map keys integers or text, ascending bytewise, unique; text UTF-8
 * without control characters; integers within signed 64 bits; of simple values only
 * false, true, null; no floats; tags 16-18, 61, 96-98; depth at most 16; counts bounded
 * by the bytes left; 64 KiB. Lenient rules (SMP envelopes, foreign COSE): well formed, no
 * duplicate keys, the same bounds. Source: RFC 8949 3, 4.2.1, 5.3.1; imprint-formats(7).
 */
#ifndef IMP_CBOR_READER_H
#define IMP_CBOR_READER_H

#include "base/bytes.h"
#include "base/error.h"

enum { IMP_CBOR_DEPTH = 16, IMP_CBOR_MAX = 65536 };

enum imp_cbor_rules {
	IMP_CBOR_STRICT,  /* our objects */
	IMP_CBOR_LENIENT, /* envelopes and foreign messages */
	IMP_CBOR_ANY,	  /* well formed and within bounds only; for showing */
};

enum imp_cbor_type {
	IMP_T_NONE, /* at the end, or failed */
	IMP_T_INT,
	IMP_T_BYTES,
	IMP_T_TEXT,
	IMP_T_ARRAY,
	IMP_T_MAP,
	IMP_T_TAG,
	IMP_T_BOOL,
	IMP_T_NULL,
	IMP_T_OTHER, /* floats and other simple values */
};

/* What broke which rule, where. */
struct imp_cbor_fault {
	size_t offset;	  /* bytes from the start of the input */
	const char *rule; /* one lower-case clause with its source; static storage */
};

struct imp_cbor {
	struct imp_span in; /* the whole input */
	size_t at;	    /* next byte */
	const char *bad;    /* why it failed; NULL while good */
	size_t bad_at;
};

/*
 * Check one item that fills `in`, and set a cursor before it.
 *
 *   in      at most 65,536 bytes, borrowed by the cursor
 *   fault   may be NULL; valid only on failure
 *
 * 0, or -IMP_EFORMAT.
 */
int imp_cbor_open(struct imp_cbor *c, struct imp_span in, enum imp_cbor_rules rules,
		  struct imp_cbor_fault *fault) IMP_MUST_CHECK;
/*
 * Length of the first item of `in`, checked by the same rules; what follows is not looked
 * at. 0 when it does not check. Truncated input sets fault->rule to imp_cbor_truncated.
 */
size_t imp_cbor_item_len(struct imp_span in, enum imp_cbor_rules rules,
			 struct imp_cbor_fault *fault);
extern const char imp_cbor_truncated[];

/* Cursor. Counts of indefinite-length containers are IMP_CBOR_OPEN: read until
 * imp_cbor_more() says no. */
#define IMP_CBOR_OPEN SIZE_MAX
enum imp_cbor_type imp_cbor_peek(const struct imp_cbor *c);
int64_t imp_cbor_int(struct imp_cbor *c);
uint64_t imp_cbor_uint(struct imp_cbor *c); /* fails on negative */
/* Unsigned and at most max, else the cursor fails. */
uint64_t imp_cbor_uint_max(struct imp_cbor *c, uint64_t max);
struct imp_span imp_cbor_bytes(struct imp_cbor *c); /* fails on indefinite lengths */
/* Bytes of min..max length, else the cursor fails. */
struct imp_span imp_cbor_bytes_len(struct imp_cbor *c, size_t min, size_t max);
struct imp_span imp_cbor_text(struct imp_cbor *c);
bool imp_cbor_bool(struct imp_cbor *c);
void imp_cbor_null(struct imp_cbor *c);
size_t imp_cbor_array(struct imp_cbor *c); /* number of items */
size_t imp_cbor_map(struct imp_cbor *c);   /* number of pairs */
uint64_t imp_cbor_tag(struct imp_cbor *c);
/* Skip one item of any kind and return its encoding. */
struct imp_span imp_cbor_item(struct imp_cbor *c);
/* Is there another item (or pair)? Counts down *left; consumes the break of open
 * containers. */
bool imp_cbor_more(struct imp_cbor *c, size_t *left);
/* Expect an array of exactly n items, an exact integer: else the cursor fails. */
void imp_cbor_expect_array(struct imp_cbor *c, size_t n);
void imp_cbor_expect_int(struct imp_cbor *c, int64_t v);

bool imp_cbor_ok(const struct imp_cbor *c);
/* Make it fail here, for a rule of the caller's own (static text). */
void imp_cbor_fail(struct imp_cbor *c, const char *why);
/* Nothing failed and every byte was read. */
bool imp_cbor_done(const struct imp_cbor *c);
/* 0 when done; else records "<what>: offset N: <why>" and returns -IMP_EFORMAT. */
int imp_cbor_finish(const struct imp_cbor *c, const char *what, struct imp_error *err)
	IMP_MUST_CHECK;
/* The same words for a fault of imp_cbor_open(). */
int imp_cbor_refuse(const struct imp_cbor_fault *f, const char *what,
		    struct imp_error *err);

#endif
