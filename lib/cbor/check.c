/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate: one pass over the heads of untrusted bytes, with an explicit stack.
 */
#include "cbor/scan.h"

/* A map in no order may have so many keys: the price of finding duplicates. */
enum { KEYS_SEEN = 16 };

struct level {
	enum imp_cbor_major major; /* ARRAY, MAP, TAG, or BYTES/TEXT while chunks come */
	bool open;		   /* indefinite length */
	bool in_value;		   /* map: the next item is a value */
	bool unsorted;		   /* map: some key came out of order */
	uint64_t left;		  /* items still to come (pairs for a map), unless open */
	uint64_t keys;		  /* map: keys seen */
	uint16_t key[KEYS_SEEN];  /* map: where the first keys start */
	uint64_t code[KEYS_SEEN]; /* map: equal for equal keys, seldom for others */
	size_t last;		  /* map: where the last key starts */
};

struct scan {
	struct imp_span in;
	enum imp_cbor_rules rules;
	size_t at;
	unsigned depth;
	struct level level[IMP_CBOR_DEPTH];
};

static bool tag_is_known(uint64_t tag)
{
	return (tag >= 16 && tag <= 18) || tag == 61 || (tag >= 96 && tag <= 98);
}

static const char *check_text(const struct scan *s, struct imp_span text)
{
	while (text.len > 0) {
		uint32_t cp = text.ptr[0];
		size_t n = cp < 0x80 ? 1 : imp_utf8(text, &cp);
		bool plain = cp >= 0x20 && cp < 0x7f;

		if (n == 0)
			return "text is not UTF-8 (RFC 8949 3.1)";
		if (!plain && s->rules == IMP_CBOR_STRICT && imp_is_control(cp))
			return "text has a control character (imprint-formats(7))";
		text.ptr += n;
		text.len -= n;
	}
	return NULL;
}

static const char *check_simple(const struct scan *s, const struct head *h)
{
	if (h->info == 24 && h->value < 32)
		return "simple value below 32 in two bytes (RFC 8949 3.3)";
	if (s->rules != IMP_CBOR_STRICT)
		return NULL;
	if (h->info >= 25)
		return "floating-point number (imprint-formats(7))";
	if (h->info < 20 || h->info > 22)
		return "simple value other than false, true and null (imprint-formats(7))";
	return NULL;
}

static const char *strict_head(const struct head *h)
{
	if (h->major == IMP_CBOR_SIMPLE)
		return NULL;
	if (h->indefinite)
		return "indefinite length (RFC 8949 4.2.1)";
	if (h->len > 1 && !head_is_shortest(h))
		return "argument is not in its shortest form (RFC 8949 4.2.1)";
	if (h->major <= IMP_CBOR_NINT && h->value > INT64_MAX)
		return "integer outside signed 64 bits (imprint-formats(7))";
	if (h->major == IMP_CBOR_TAG && !tag_is_known(h->value))
		return "tag other than 16-18, 61 and 96-98 (imprint-formats(7))";
	return NULL;
}

static uint64_t key_code(const struct scan *s, const struct head *h)
{
	uint64_t code = h->value << 2 | h->major;

	if (h->major == IMP_CBOR_TEXT && h->value > 0)
		code ^= (uint64_t)s->in.ptr[s->at + h->len] << 56 ^
			(uint64_t)s->in.ptr[s->at + h->len + h->value - 1] << 48;
	return code;
}

/* Keys must be integers or texts, and no two may be equal. */
static const char *check_key(struct scan *s, struct level *l, const struct head *h)
{
	size_t prev = l->last;
	int order;

	if (s->rules == IMP_CBOR_ANY)
		return NULL;
	if (h->major != IMP_CBOR_UINT && h->major != IMP_CBOR_NINT &&
	    h->major != IMP_CBOR_TEXT)
		return "map key is neither integer nor text (imprint-formats(7))";
	if (h->indefinite)
		return "map key of indefinite length (imprint-formats(7))";
	if (h->major == IMP_CBOR_TEXT && h->value > s->in.len - s->at - h->len)
		return imp_cbor_truncated; /* keys are compared before they are stepped
					      over */
	l->last = s->at;
	if (l->keys < KEYS_SEEN && s->rules != IMP_CBOR_STRICT) {
		l->key[l->keys] = (uint16_t)s->at;
		l->code[l->keys] = key_code(s, h);
	}
	if (l->keys++ == 0)
		return NULL;
	order = key_order(s->in, prev, s->at);
	if (order < 0 && !l->unsorted)
		return NULL;
	if (order == 0)
		return "duplicate map key (RFC 8949 5.6)";
	if (s->rules == IMP_CBOR_STRICT)
		return "map keys are not in ascending order (RFC 8949 4.2.1)";
	l->unsorted = true;
	if (l->keys > KEYS_SEEN)
		return "map of more than 16 keys is not in ascending order";
	for (uint64_t i = 0; i + 1 < l->keys; i++)
		if (l->code[i] == l->code[l->keys - 1] &&
		    key_order(s->in, l->key[i], s->at) == 0)
			return "duplicate map key (RFC 8949 5.6)";
	return NULL;
}

static const char *push(struct scan *s, const struct head *h)
{
	size_t rest = s->in.len - s->at - h->len;
	struct level *l;

	if (s->depth == IMP_CBOR_DEPTH)
		return "nested deeper than 16 (imprint-formats(7))";
	/* Every item takes at least one byte: a count is a claim about bytes that must be
	 * there. */
	if (!h->indefinite && ((h->major == IMP_CBOR_ARRAY && h->value > rest) ||
			       (h->major == IMP_CBOR_MAP && h->value > rest / 2)))
		return "count is larger than the bytes that are left (RFC 8949 3)";
	l = &s->level[s->depth++];
	l->major = h->major;
	l->open = h->indefinite;
	l->in_value = l->unsorted = false;
	l->left = h->major == IMP_CBOR_TAG ? 1 : h->value;
	l->keys = 0;
	l->last = 0;
	return NULL;
}

/* A string: check its bytes and step over them. */
static const char *string(struct scan *s, const struct head *h)
{
	const char *bad;

	if (h->value > s->in.len - s->at - h->len)
		return imp_cbor_truncated;
	if (h->major == IMP_CBOR_TEXT) {
		bad = check_text(s, (struct imp_span){ s->in.ptr + s->at + h->len,
						       (size_t)h->value });
		if (bad)
			return bad;
	}
	s->at += h->len + (size_t)h->value;
	return NULL;
}

/* An item is complete: count it, and close every container that it completes. */
static void complete(struct scan *s)
{
	while (s->depth > 0) {
		struct level *l = &s->level[s->depth - 1];

		if (l->major == IMP_CBOR_MAP && !l->in_value) {
			l->in_value = true;
			return;
		}
		l->in_value = false;
		if (l->open || --l->left > 0)
			return;
		s->depth--;
	}
}

static const char *break_off(struct scan *s)
{
	struct level *l = s->depth > 0 ? &s->level[s->depth - 1] : NULL;

	if (!l || !l->open)
		return "break outside an item of indefinite length (RFC 8949 3.2.1)";
	if (l->in_value)
		return "break between a key and its value (RFC 8949 3.2.2)";
	s->depth--;
	s->at++;
	return NULL;
}

/* Containers that are empty at once are complete at once. */
static const char *container(struct scan *s, const struct head *h, bool *finished)
{
	const char *bad = push(s, h);

	if (bad)
		return bad;
	s->at += h->len;
	*finished = !h->indefinite && s->level[s->depth - 1].left == 0;
	if (*finished)
		s->depth--;
	return NULL;
}

static const char *chunk(const struct level *l, const struct head *h)
{
	if (h->major != l->major || h->indefinite)
		return "a chunk of another type than its string (RFC 8949 3.2.3)";
	return NULL;
}

static const char *step(struct scan *s)
{
	struct level *l = s->depth > 0 ? &s->level[s->depth - 1] : NULL;
	bool finished = true;
	struct head h;
	const char *bad = head_at(s->in, s->at, &h);

	if (!bad && s->rules == IMP_CBOR_STRICT)
		bad = strict_head(&h);
	if (bad)
		return bad;
	if (h.major == IMP_CBOR_SIMPLE && h.indefinite) {
		bad = break_off(s);
		if (!bad)
			complete(s);
		return bad;
	}
	if (l && (l->major == IMP_CBOR_BYTES || l->major == IMP_CBOR_TEXT))
		bad = chunk(l, &h);
	else if (l && l->major == IMP_CBOR_MAP && !l->in_value)
		bad = check_key(s, l, &h);
	if (bad)
		return bad;

	if (h.major <= IMP_CBOR_NINT) {
		s->at += h.len;
	} else if (h.major == IMP_CBOR_SIMPLE) {
		bad = check_simple(s, &h);
		s->at += bad ? 0 : h.len;
	} else if (h.major <= IMP_CBOR_TEXT && !h.indefinite) {
		bad = string(s, &h);
	} else {
		bad = container(s, &h, &finished);
	}
	if (!bad && finished)
		complete(s);
	return bad;
}

size_t imp_cbor_item_len(struct imp_span in, enum imp_cbor_rules rules,
			 struct imp_cbor_fault *fault)
{
	struct scan s; /* its levels are set as they are entered: 4 KiB not zeroed */
	const char *bad = NULL;

	s.in = in;
	s.rules = rules;
	s.at = 0;
	s.depth = 0;
	if (in.len > IMP_CBOR_MAX)
		s.in.len = IMP_CBOR_MAX;
	do
		bad = step(&s);
	while (!bad && s.depth > 0);
	if (!bad)
		return s.at;
	if (bad == imp_cbor_truncated && in.len > IMP_CBOR_MAX)
		bad = "larger than 65536 bytes (imprint-formats(7))";
	if (fault)
		*fault = (struct imp_cbor_fault){ .offset = s.at, .rule = bad };
	return 0;
}

int imp_cbor_open(struct imp_cbor *c, struct imp_span in, enum imp_cbor_rules rules,
		  struct imp_cbor_fault *fault)
{
	size_t len = imp_cbor_item_len(in, rules, fault);

	if (len == 0)
		return -IMP_EFORMAT;
	if (len < in.len) {
		if (fault)
			*fault = (struct imp_cbor_fault){
				len, "bytes after the item (RFC 8949 5.1)"
			};
		return -IMP_EFORMAT;
	}
	*c = (struct imp_cbor){ .in = in };
	return 0;
}
