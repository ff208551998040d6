/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a ledger as tiles. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "ledger/core.h"
#include "ledger/tiles.h"

enum { LEVELS = IMP_TREE_LEVELS / 8 + 1, FOLDER_MODE = 0777, PRIVATE_MODE = 0700 };

struct level {
	uint64_t n; /* tiles that are full */
	unsigned count;
	struct imp_hash hash[IMP_TILE_WIDTH]; /* of the tile that is being filled */
};

struct writing {
	struct imp_ledger *l;
	const char *dir, *records;
	struct imp_tiles *out;
	struct imp_secret note; /* the checkpoint */
	uint64_t size;		/* entries of it */
	struct level *level;	/* LEVELS of them; owned */
	struct imp_out record;	/* the file of records that is open */
	uint8_t bundle[IMP_TILE_WIDTH * (2 + IMP_LEAF_BYTES)];
	struct imp_writer entries; /* into bundle */
	uint8_t shown[IMP_DISCLOSED_MAX];
};

void imp_tile_name(uint64_t n, unsigned width, char out[IMP_TILE_NAME])
{
	char part[8][8];
	int parts = 0, len = 0;

	do
		snprintf(part[parts++], sizeof(part[0]), "%03u", (unsigned)(n % 1000));
	while ((n /= 1000) > 0 && parts < 8);
	while (parts-- > 0)
		len += snprintf(out + len, (size_t)(IMP_TILE_NAME - len), "%s%s%s",
				parts > 0 ? "x" : "", part[parts], parts > 0 ? "/" : "");
	if (width < IMP_TILE_WIDTH)
		snprintf(out + len, (size_t)(IMP_TILE_NAME - len), ".p/%u", width);
}

int imp_tile_folder_check(const char *dir, struct imp_error *err)
{
	enum { BETWEEN = sizeof("/tile/entries/") };

	return strlen(dir) + BETWEEN + IMP_TILE_NAME < PATH_MAX
		       ? 0
		       : imp_fail(err, IMP_EUSAGE, "%.64s...: is too long", dir);
}

/* How many hashes the n-th tile of a level has. */
static unsigned width_of(uint64_t size, unsigned level, uint64_t n)
{
	uint64_t hashes = (size >> (8 * level)) - n * IMP_TILE_WIDTH;

	return hashes < IMP_TILE_WIDTH ? (unsigned)hashes : IMP_TILE_WIDTH;
}

/* Nothing leads elsewhere: neither the folder of the export nor what is in it is a link.
 */
static int check_links(const char *base, const char *path, struct imp_error *err)
{
	size_t at = strlen(base);

	while (at > 1 && base[at - 1] == '/')
		at--;
	while (true) {
		char part[PATH_MAX];
		struct stat st;

		snprintf(part, sizeof(part), "%.*s", (int)at, path);
		if (lstat(part, &st) == 0 && S_ISLNK(st.st_mode))
			return imp_fail(err, IMP_EUSAGE,
					"%s: is a symbolic link, expected what is there "
					"itself",
					part);
		if (!path[at])
			return 0;
		at += 1 + strcspn(path + at + 1, "/");
	}
}

/* What is published once is never anything else. 1 it is there, 0 it is not. */
static int look(const char *path, struct imp_span bytes, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret old = { 0 };
	int rc;

	if (access(path, F_OK) != 0)
		return 0;
	rc = imp_file_read(path, bytes.len, &old, err);
	if (rc && rc != -IMP_EFORMAT)
		return rc;
	return !rc && imp_span_eq(imp_secret_span(&old), bytes)
		       ? 1
		       : imp_fail(err, IMP_EPOLICY,
				  "%s: holds something else: another log, or another "
				  "history of this one, was exported there",
				  path);
}

static int write_file(struct writing *w, const char *path, struct imp_span bytes,
		      struct imp_error *err)
{
	CLEANUP(imp_out_abort) struct imp_out out = { 0 };
	int rc = imp_folders_make(path, FOLDER_MODE, err);

	if (!rc)
		rc = imp_out_open(&out, path, IMP_OUT_FORCE, err);
	if (!rc)
		rc = imp_out_write(&out, bytes, err);
	w->out->files++;
	return rc ? rc : imp_out_commit(&out, err);
}

static int put(struct writing *w, const char *kind, uint64_t n, unsigned width,
	       struct imp_span bytes, struct imp_error *err)
{
	char path[PATH_MAX], name[IMP_TILE_NAME];
	int rc;

	imp_tile_name(n, width, name);
	snprintf(path, sizeof(path), "%s/tile/%s/%s", w->dir, kind, name);
	rc = check_links(w->dir, path, err);
	if (!rc)
		rc = look(path, bytes, err);
	if (rc == 0)
		return write_file(w, path, bytes, err);
	w->out->kept += rc > 0;
	return rc > 0 ? 0 : rc;
}

static int put_tile(struct writing *w, unsigned level, struct imp_error *err)
{
	const struct level *at = &w->level[level];
	const struct imp_span bytes = { at->hash[0].byte,
					at->count * sizeof(at->hash[0]) };
	char kind[4];

	snprintf(kind, sizeof(kind), "%u", level);
	return put(w, kind, at->n, at->count, bytes, err);
}

static int root_of(struct imp_crypto *c, const struct level *full, struct imp_hash *out)
{
	struct imp_range r = { 0 };
	int rc = 0;

	for (unsigned i = 0; !rc && i < full->count; i++)
		rc = imp_range_add(c, &r, &full->hash[i]);
	return rc ? rc : imp_range_root(c, &r, out);
}

/* A leaf, and above it each tile that it completes. */
static int add_hash(struct writing *w, struct imp_hash hash, struct imp_error *err)
{
	int rc = 0;

	for (unsigned i = 0; !rc && i < LEVELS; i++) {
		struct level *at = &w->level[i];

		at->hash[at->count++] = hash;
		if (at->count < IMP_TILE_WIDTH)
			return 0;
		rc = put_tile(w, i, err);
		if (!rc && root_of(w->l->crypto, at, &hash))
			rc = imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
		at->count = 0;
		at->n++;
	}
	return rc;
}

/* A record may be long, so its file is written as they come. */
static int open_records(struct writing *w, uint64_t n, unsigned width,
			struct imp_error *err)
{
	char path[PATH_MAX], name[IMP_TILE_NAME];
	int rc;

	imp_tile_name(n, width, name);
	snprintf(path, sizeof(path), "%s/%s", w->records, name);
	rc = check_links(w->records, path, err);
	if (!rc)
		rc = imp_folders_make(path, PRIVATE_MODE, err);
	w->out->files++;
	return rc ? rc
		  : imp_out_open(&w->record, path, IMP_OUT_FORCE | IMP_OUT_PRIVATE, err);
}

static int put_record(struct writing *w, const struct imp_row *row, struct imp_error *err)
{
	const struct imp_disclosed d = { row->type, row->salt, row->record };
	struct imp_writer shown = imp_writer(w->shown, sizeof(w->shown));
	uint8_t length[4];
	struct imp_writer n = imp_writer(length, sizeof(length));
	int rc;

	if (row->salt.len > 0) /* of one that is forgotten there is nothing */
		imp_disclosed_put(&shown, &d);
	imp_put_u32be(&n, (uint32_t)shown.len);
	rc = imp_out_write(&w->record, imp_written(&n), err);
	return rc ? rc : imp_out_write(&w->record, imp_written(&shown), err);
}

static int add_record(struct writing *w, const struct imp_row *row, struct imp_error *err)
{
	uint64_t n = row->index / IMP_TILE_WIDTH;
	unsigned at = row->index % IMP_TILE_WIDTH, width = width_of(w->size, 0, n);
	int rc = 0;

	if (!w->records)
		return 0;
	if (at == 0)
		rc = open_records(w, n, width, err);
	if (!rc)
		rc = put_record(w, row, err);
	return rc || at + 1 < width ? rc : imp_out_commit(&w->record, err);
}

static int add_entry(struct writing *w, struct imp_span leaf, uint64_t index,
		     struct imp_error *err)
{
	uint64_t n = index / IMP_TILE_WIDTH;
	unsigned width = width_of(w->size, 0, n);

	if (index % IMP_TILE_WIDTH == 0)
		w->entries = imp_writer(w->bundle, sizeof(w->bundle));
	imp_put_u16be(&w->entries, (uint16_t)leaf.len);
	imp_put(&w->entries, leaf);
	return index % IMP_TILE_WIDTH + 1 < width
		       ? 0
		       : put(w, "entries", n, width, imp_written(&w->entries), err);
}

static int add_row(void *ctx, const struct imp_row *row, struct imp_error *err)
{
	struct writing *w = ctx;
	uint8_t bytes[IMP_LEAF_BYTES];
	struct imp_writer leaf = imp_writer(bytes, sizeof(bytes));
	struct imp_hash hash;
	int rc;

	if (row->index >= w->size)
		return 0;
	imp_leaf_put(&leaf, row->type, &row->digest);
	if (imp_tree_leaf(w->l->crypto, imp_written(&leaf), &hash))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	rc = add_entry(w, imp_written(&leaf), row->index, err);
	if (!rc)
		rc = add_record(w, row, err);
	return rc ? rc : add_hash(w, hash, err);
}

/* An older checkpoint that lies there must be one of this tree. */
static int check_old(struct imp_ledger *l, const char *path, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret text = { 0 };
	struct imp_checkpoint old;
	int rc;

	if (access(path, F_OK) != 0)
		return 0;
	rc = imp_file_read(path, IMP_NOTE_MAX, &text, err);
	if (!rc)
		rc = imp_checkpoint_parse(imp_secret_span(&text), &old, err);
	if (!rc && imp_log_check_own(l, &old, err))
		rc = imp_fail(err, IMP_EPOLICY,
			      "is a checkpoint of another log, or of another history");
	return imp_wrap(err, rc, "%s", path);
}

static int take_checkpoint(struct writing *w, struct imp_error *err)
{
	struct imp_ledger_info i;
	int rc = imp_ledger_info(w->l, &i, err);

	if (!rc && i.checkpoint_size == 0) {
		rc = imp_fail(err, IMP_EPOLICY, "%s: there is no checkpoint",
			      w->l->db->shown);
		rc = imp_hint(err, rc, "imprint ledger checkpoint -k KEY makes one");
	}
	w->size = i.checkpoint_size;
	return rc ? rc : imp_log_note(w->l, i.origin, w->size, &w->note, err);
}

static int export(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	struct writing *w = ctx;
	char path[PATH_MAX];
	int rc;

	w->l = l;
	snprintf(path, sizeof(path), "%s/checkpoint", w->dir);
	rc = take_checkpoint(w, err);
	if (!rc)
		rc = check_links(w->dir, path, err);
	if (!rc)
		rc = check_old(l, path, err);
	if (!rc)
		rc = imp_each_row(l, 0, add_row, w, err);
	for (unsigned i = 0; !rc && i < LEVELS; i++)
		if (w->level[i].count > 0)
			rc = put_tile(w, i, err);
	w->out->entries = w->size;
	return rc ? rc : write_file(w, path, imp_secret_span(&w->note), err);
}

int imp_ledger_export(struct imp_ledger *l, const char *dir, const char *records,
		      struct imp_tiles *out, struct imp_error *err)
{
	struct writing *w = calloc(1, sizeof(*w));
	struct level *level = calloc(LEVELS, sizeof(*level));
	int rc = imp_tile_folder_check(dir, err);

	*out = (struct imp_tiles){ 0 };
	if (!rc && records)
		rc = imp_tile_folder_check(records, err);
	if (!rc && w && level) {
		*w = (struct writing){
			.dir = dir, .records = records, .out = out, .level = level
		};
		rc = imp_ledger_read(l, export, w, err);
		imp_out_abort(&w->record);
		imp_secret_fini(&w->note);
	} else if (!rc) {
		rc = imp_fail(err, IMP_ERESOURCE, "out of memory");
	}
	free(level);
	free(w);
	return rc;
}
