/* SPDX-License-Identifier: Apache-2.0 */
/* Making checkpoints and proofs. */
#include "ledger/log.h"
#include "ledger/check.h"
#include "ledger/core.h"

/* Text of a checkpoint, as it is signed. */
struct text {
	uint8_t buf[IMP_CHECKPOINT_TEXT];
	struct imp_span span;
};

static int make_text(struct imp_ledger *l, const char *origin, uint64_t size,
		     struct text *out, struct imp_error *err)
{
	struct imp_writer w = imp_writer(out->buf, sizeof(out->buf));
	struct imp_tree tree = imp_ledger_tree(l);
	struct imp_hash root;
	int rc = imp_tree_root(&tree, size, &root, err);

	if (rc)
		return rc;
	imp_checkpoint_put(&w, imp_span_str(origin), size, &root);
	out->span = imp_written(&w);
	return 0;
}

static int append_line(void *ctx, const struct imp_value *col, struct imp_error *err)
{
	struct imp_secret *out = ctx;
	int rc = imp_secret_append(out, col[0].bytes, err);

	return rc ? rc : imp_secret_append(out, IMP_TEXT("\n"), err);
}

int imp_log_note(struct imp_ledger *l, const char *origin, uint64_t size,
		 struct imp_secret *out, struct imp_error *err)
{
	struct text text;
	int rc = make_text(l, origin, size, &text, err);

	if (!rc)
		rc = imp_secret_append(out, text.span, err);
	if (!rc)
		rc = imp_secret_append(out, IMP_TEXT("\n"), err);
	return rc ? rc
		  : imp_db_all(l->db, IMP_SQL_LINES, IMP_WITH(IMP_INT(size)), append_line,
			       out, err);
}

int imp_log_put_line(struct imp_ledger *l, uint64_t size, struct imp_span line,
		     struct imp_error *err)
{
	l->changed = true;
	return l->db->ops->run(l->db, IMP_SQL_PUT_LINE,
			       IMP_WITH(IMP_INT(size), IMP_STR(line)), err);
}

struct signing {
	const struct imp_signer *signer;
	struct imp_secret *out;
};

static int sign_tree(struct imp_ledger *l, const struct imp_ledger_info *i,
		     const struct imp_signer *signer, struct imp_error *err)
{
	uint8_t line[IMP_NOTE_LINE];
	struct imp_writer w = imp_writer(line, sizeof(line));
	struct text text;
	int rc = make_text(l, i->origin, i->size, &text, err);

	if (!rc)
		rc = imp_note_sign(signer, &i->key, 0, text.span, &w, err);
	if (rc)
		return rc;
	w.len--; /* its newline */
	return imp_log_put_line(l, i->size, imp_written(&w), err);
}

static int checkpoint(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	const struct signing *s = ctx;
	struct imp_ledger_info i;
	int rc = imp_ledger_set_key(l, &s->signer->pub, err);

	if (!rc)
		rc = imp_ledger_info(l, &i, err);
	if (!rc && i.checkpoint_size < i.size)
		rc = sign_tree(l, &i, s->signer, err);
	if (!rc)
		rc = imp_secret_set(s->out, (struct imp_span){ 0 }, err);
	return rc ? rc : imp_log_note(l, i.origin, i.size, s->out, err);
}

int imp_ledger_checkpoint(struct imp_ledger *l, const struct imp_signer *signer,
			  struct imp_secret *out, struct imp_error *err)
{
	struct signing s = { signer, out };

	return imp_ledger_do(l, checkpoint, &s, err);
}

struct cosigned {
	struct imp_checkpoint checkpoint;
	const struct imp_vkey *witness;
	size_t count, *added;
};

int imp_log_check_own(struct imp_ledger *l, const struct imp_checkpoint *c,
		      struct imp_error *err)
{
	struct imp_ledger_info i;
	struct text text;
	int rc = imp_ledger_info(l, &i, err);

	if (!rc && (!i.has_key || c->size > i.size))
		rc = imp_fail(err, IMP_EVERIFY, "is no checkpoint of this ledger");
	if (!rc)
		rc = imp_checkpoint_check(l->crypto, c, &i.key, err);
	if (!rc)
		rc = make_text(l, i.origin, c->size, &text, err);
	if (!rc && !imp_span_eq(text.span, c->note.text))
		rc = imp_fail(err, IMP_EVERIFY,
			      "is a checkpoint of %llu entries that this ledger does not "
			      "have",
			      (unsigned long long)c->size);
	return rc;
}

/* The lines by one witness. */
static int take_lines(struct imp_ledger *l, const struct cosigned *q,
		      const struct imp_vkey *witness, struct imp_error *err)
{
	struct imp_span rest = q->checkpoint.note.lines, line;
	int rc = 0;

	while (rc >= 0 && imp_text_line(&rest, &line)) {
		struct imp_note one = { q->checkpoint.note.text, line };

		one.lines.len++; /* its newline */
		rc = imp_note_verify(l->crypto, &one, witness, NULL, err);
		if (rc <= 0)
			continue;
		++*q->added;
		rc = imp_log_put_line(l, q->checkpoint.size, line, err);
	}
	return rc;
}

static int cosigned(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	const struct cosigned *q = ctx;
	int rc = imp_log_check_own(l, &q->checkpoint, err);

	*q->added = 0;
	for (size_t i = 0; !rc && i < q->count; i++)
		rc = take_lines(l, q, &q->witness[i], err);
	return rc;
}

int imp_ledger_cosigned(struct imp_ledger *l, struct imp_span in,
			const struct imp_vkey *witness, size_t count, size_t *added,
			struct imp_error *err)
{
	struct cosigned q = { .witness = witness, .count = count, .added = added };
	int rc = imp_checkpoint_parse(in, &q.checkpoint, err);

	return rc ? rc : imp_ledger_do(l, cosigned, &q, err);
}

struct proving {
	uint64_t at; /* the entry, or the old size */
	struct imp_secret *out;
};

static int append_text(struct imp_secret *out, const struct imp_writer *w,
		       struct imp_error *err)
{
	return w->ok ? imp_secret_set(out, imp_written(w), err)
		     : imp_fail(err, IMP_EINTERNAL, "a proof is too long");
}

static int not_covered(const struct imp_ledger_info *i, uint64_t size,
		       struct imp_error *err)
{
	int rc = imp_fail(
		err, IMP_EPOLICY,
		"the last checkpoint has %llu entries, at least %llu are needed",
		(unsigned long long)i->checkpoint_size, (unsigned long long)size);

	return imp_hint(err, rc, "imprint ledger checkpoint -k KEY makes one");
}

/* The record that is proven, in full: [type, salt, record]. */
static int disclose(struct imp_ledger *l, uint64_t index, struct imp_secret *out,
		    struct imp_error *err)
{
	struct imp_value col[IMP_ROW_COLUMNS];
	struct imp_row row;
	struct imp_writer w;
	int rc = imp_db_one(l->db, IMP_SQL_ENTRY, IMP_WITH(IMP_INT(index)), col,
			    COUNTOF(col), err);

	if (rc > 0)
		rc = imp_row_take(l, col, &row, err);
	if (!rc && row.salt.len == 0)
		rc = imp_fail(err, IMP_EPOLICY,
			      "%s: entry %llu is forgotten: nothing can be shown of it",
			      l->db->shown, (unsigned long long)index);
	if (!rc)
		rc = imp_secret_reserve(out, IMP_DISCLOSED_MAX, err);
	if (rc)
		return rc;
	w = imp_writer(out->ptr, out->cap);
	imp_disclosed_put(&w, &(struct imp_disclosed){ row.type, row.salt, row.record });
	out->len = w.len;
	return w.ok ? 0 : imp_fail(err, IMP_EINTERNAL, "a record is too long");
}

static int prove(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret extra = { 0 }, head = { 0 };
	const struct proving *q = ctx;
	struct imp_tree tree = imp_ledger_tree(l);
	struct imp_ledger_info i;
	struct imp_path path;
	struct imp_writer w;
	int rc = imp_ledger_info(l, &i, err);

	if (!rc && q->at >= i.size)
		rc = imp_fail(err, IMP_EUSAGE,
			      "%s: there is no entry %llu, they are 0 to %llu",
			      l->db->shown, (unsigned long long)q->at,
			      (unsigned long long)i.size - 1);
	if (!rc && q->at >= i.checkpoint_size)
		rc = not_covered(&i, q->at + 1, err);
	if (!rc)
		rc = imp_tree_include(&tree, q->at, i.checkpoint_size, &path, err);
	if (!rc)
		rc = disclose(l, q->at, &extra, err);
	if (!rc)
		rc = imp_secret_reserve(&head, IMP_PROOF_HEAD_MAX, err);
	if (rc)
		return rc;
	w = imp_writer(head.ptr, head.cap);
	imp_proof_put(&w, imp_secret_span(&extra), q->at, &path);
	rc = append_text(q->out, &w, err);
	return rc ? rc : imp_log_note(l, i.origin, i.checkpoint_size, q->out, err);
}

int imp_ledger_prove(struct imp_ledger *l, uint64_t index, struct imp_secret *out,
		     struct imp_error *err)
{
	struct proving q = { index, out };

	return imp_ledger_read(l, prove, &q, err);
}

static int grow(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	const struct proving *q = ctx;
	struct imp_tree tree = imp_ledger_tree(l);
	uint8_t head[64 + 45 * IMP_TREE_PATH];
	struct imp_writer w = imp_writer(head, sizeof(head));
	struct imp_path path = { 0 };
	struct imp_ledger_info i;
	int rc = imp_ledger_info(l, &i, err);

	if (!rc && (i.checkpoint_size == 0 || q->at > i.checkpoint_size))
		rc = not_covered(&i, q->at ? q->at : 1, err);
	if (!rc && q->at > 0 && q->at < i.checkpoint_size)
		rc = imp_tree_extend(&tree, q->at, i.checkpoint_size, &path, err);
	if (rc)
		return rc;
	imp_growth_put(&w, q->at, &path);
	rc = append_text(q->out, &w, err);
	return rc ? rc : imp_log_note(l, i.origin, i.checkpoint_size, q->out, err);
}

int imp_ledger_grow(struct imp_ledger *l, uint64_t old, struct imp_secret *out,
		    struct imp_error *err)
{
	struct proving q = { old, out };

	return imp_ledger_read(l, grow, &q, err);
}
