/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints and proofs as text. */
#include <stdio.h>
#include <string.h>

#include "base/digits.h"
#include "ledger/checkpoint.h"

static const struct imp_span proof_head = IMP_TEXT("c2sp.org/tlog-proof@v1");

static bool is_empty(struct imp_span line)
{
	return line.len == 0;
}

/* ASCII decimal without leading zeros, below 2^62. */
static bool take_number(struct imp_span s, uint64_t *out)
{
	uint64_t n = 0;

	if (s.len == 0 || s.len > 19 || (s.ptr[0] == '0' && s.len > 1))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
		n = 10 * n + (uint64_t)(s.ptr[i] - '0');
	}
	*out = n;
	return n >> IMP_TREE_LEVELS == 0;
}

static void put_number(struct imp_writer *w, uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
	imp_put(w, imp_span_str(text));
}

static bool take_hash(struct imp_span s, struct imp_hash *out)
{
	struct imp_writer w = imp_writer(out->byte, sizeof(out->byte));

	return imp_from_base64(s, &w) && w.ok && w.len == sizeof(out->byte);
}

/* "WORD REST": its rest. */
static bool after(struct imp_span line, struct imp_span word, struct imp_span *rest)
{
	if (line.len <= word.len || memcmp(line.ptr, word.ptr, word.len) != 0)
		return false;
	*rest = (struct imp_span){ line.ptr + word.len, line.len - word.len };
	return true;
}

static int no_checkpoint(const char *why, struct imp_error *err)
{
	return imp_fail(err, IMP_EFORMAT, "is no checkpoint: %s (C2SP tlog-checkpoint)",
			why);
}

int imp_checkpoint_parse(struct imp_span in, struct imp_checkpoint *out,
			 struct imp_error *err)
{
	struct imp_checkpoint c = { 0 };
	struct imp_span rest, line;
	int rc = imp_note_parse(in, &c.note, err);

	if (rc)
		return rc;
	rest = c.note.text;
	if (!imp_text_line(&rest, &c.origin) || is_empty(c.origin))
		return no_checkpoint("its first line, the origin, is empty", err);
	if (!imp_text_line(&rest, &line) || !take_number(line, &c.size))
		return no_checkpoint("its second line is no number of leaves", err);
	if (!imp_text_line(&rest, &line) || !take_hash(line, &c.root))
		return no_checkpoint("its third line is no hash", err);
	while (imp_text_line(&rest, &line))
		if (is_empty(line))
			return no_checkpoint("a line of its text is empty", err);
	*out = c;
	return 0;
}

void imp_checkpoint_put(struct imp_writer *w, struct imp_span origin, uint64_t size,
			const struct imp_hash *root)
{
	imp_put(w, origin);
	imp_put_u8(w, '\n');
	put_number(w, size);
	imp_put_u8(w, '\n');
	imp_put_base64(w, IMP_SPAN(root->byte));
	imp_put_u8(w, '\n');
}

/* Hashes up to an empty line, which is taken, too; then a checkpoint. */
static int parse_rest(struct imp_span rest, struct imp_path *path,
		      struct imp_checkpoint *checkpoint, struct imp_span *text,
		      struct imp_error *err)
{
	struct imp_span line;

	path->count = 0;
	for (;;) {
		if (!imp_text_line(&rest, &line))
			return imp_fail(err, IMP_EFORMAT,
					"has no empty line before its checkpoint");
		if (is_empty(line))
			break;
		if (path->count == IMP_TREE_PATH)
			return imp_fail(err, IMP_EFORMAT, "has more than %d hashes",
					IMP_TREE_PATH);
		if (!take_hash(line, &path->hash[path->count++]))
			return imp_fail(err, IMP_EFORMAT,
					"has a line that is no hash in base64");
	}
	*text = rest;
	return imp_checkpoint_parse(rest, checkpoint, err);
}

static void put_path(struct imp_writer *w, const struct imp_path *path)
{
	for (size_t i = 0; i < path->count; i++) {
		imp_put_base64(w, IMP_SPAN(path->hash[i].byte));
		imp_put_u8(w, '\n');
	}
	imp_put_u8(w, '\n');
}

int imp_proof_parse(struct imp_span in, struct imp_proof *out, struct imp_error *err)
{
	struct imp_proof p = { 0 };
	struct imp_span line, number;
	int rc;

	if (!imp_text_line(&in, &line) || !imp_span_eq(line, proof_head))
		return imp_fail(err, IMP_EFORMAT, "does not start with %s",
				(const char *)proof_head.ptr);
	if (!imp_text_line(&in, &line))
		return imp_fail(err, IMP_EFORMAT, "ends after its first line");
	if (after(line, IMP_TEXT("extra "), &p.extra) && !imp_text_line(&in, &line))
		return imp_fail(err, IMP_EFORMAT, "ends after its second line");
	if (!after(line, IMP_TEXT("index "), &number) || !take_number(number, &p.index))
		return imp_fail(err, IMP_EFORMAT, "has no line \"index N\"");
	rc = parse_rest(in, &p.path, &p.checkpoint, &p.checkpoint_text, err);
	if (!rc)
		*out = p;
	return rc;
}

void imp_proof_put(struct imp_writer *w, struct imp_span extra, uint64_t index,
		   const struct imp_path *path)
{
	imp_put(w, proof_head);
	imp_put_u8(w, '\n');
	if (extra.len > 0) {
		imp_put(w, IMP_TEXT("extra "));
		imp_put_base64(w, extra);
		imp_put_u8(w, '\n');
	}
	imp_put(w, IMP_TEXT("index "));
	put_number(w, index);
	imp_put_u8(w, '\n');
	put_path(w, path);
}

int imp_growth_parse(struct imp_span in, struct imp_growth *out, struct imp_error *err)
{
	struct imp_growth g = { 0 };
	struct imp_span line, number;
	int rc;

	if (!imp_text_line(&in, &line) || !after(line, IMP_TEXT("old "), &number) ||
	    !take_number(number, &g.old))
		return imp_hint(err,
				imp_fail(err, IMP_EFORMAT,
					 "does not start with \"old N\" (C2SP "
					 "tlog-witness)"),
				"imprint ledger prove --since N makes what a witness is "
				"sent");
	rc = parse_rest(in, &g.path, &g.checkpoint, &g.checkpoint_text, err);
	if (!rc)
		*out = g;
	return rc;
}

void imp_growth_put(struct imp_writer *w, uint64_t old, const struct imp_path *path)
{
	imp_put(w, IMP_TEXT("old "));
	put_number(w, old);
	imp_put_u8(w, '\n');
	put_path(w, path);
}
