/* SPDX-License-Identifier: Apache-2.0 */
/* imprint import: lists of other tools become the table of devices that build reads. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "commands.h"
#include "encode.h"
#include "import.h"
#include "mistakes.h"
#include "note.h"
#include "walk.h"

enum {
	OPT_FROM = 0x100,
	OPT_KEEP,
	OPT_SERIAL,
	OPT_DELIMITER,
};

#define FORMATS "nrfcloud|pysim|imei"

static const struct argp_option options[] = {
	{ "from", OPT_FROM, FORMATS, 0, "What wrote FILE", 0 },
	{ "keep", OPT_KEEP, "WORD", 0,
	  "Keep the column WORD, too, even if it holds secrets; repeatable", 0 },
	{ "serial", OPT_SERIAL, "WORD", 0, "The column WORD holds the devices' serials",
	  0 },
	{ "delimiter", OPT_DELIMITER, "CHAR", 0,
	  "Character between the fields of FILE (default ,)", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &out_argp, 0, NULL, 0 }, { 0 } };

static void set_format(struct argp_state *state, struct import_args *a, const char *arg)
{
	a->format = import_format_find(arg);
	if (!a->format)
		argp_error(state, "--from: '%s' is none of %s", arg, FORMATS);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct import_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		a->delimiter = ',';
		state->child_inputs[0] = &a->out;
		return 0;
	case OPT_FROM:
		set_format(state, a, arg);
		return 0;
	case OPT_KEEP:
		if (a->keeps == COUNTOF(a->keep))
			argp_error(state, "more than %zu times --keep", a->keeps);
		a->keep[a->keeps++] = arg;
		return 0;
	case OPT_SERIAL:
		a->serial = arg;
		return 0;
	case OPT_DELIMITER:
		a->delimiter = cli_delimiter(state, arg);
		return 0;
	case ARGP_KEY_ARG:
		if (a->path)
			return ARGP_ERR_UNKNOWN;
		a->path = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->path || !a->format)
			argp_error(state,
				   a->path ? "missing --from " FORMATS : "missing FILE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "FILE",
	.doc = "Make the table of devices that build, pack and export read of a list that another tool wrote. Identifiers are "
	       "checked, every mistake is named with line and column, and nothing is written unless all is good. Only "
	       "what names a device is taken over; other columns, and secrets among them, only with --keep.",
	.children = children,
};

/* Columns that --keep names and that may hold secrets; NULL where there is none. */
static const char *secret_kept(const struct import *j)
{
	for (size_t i = 0; i < j->args->keeps; i++)
		if (import_may_be_secret(j->args->format, j->args->keep[i]))
			return j->args->keep[i];
	return NULL;
}

/* Has a spreadsheet taken the zero off every one? One in ten passes by chance, but a
 * wrong IMEI is worse than a digit to be written. */
static int check_lists(const struct import *j, struct imp_error *err)
{
	const struct import_lists *l = &j->lists;
	int rc;

	if (l->completed == 0 || l->shortened < l->completed)
		return 0;
	rc = imp_fail(err, IMP_EFORMAT,
		      "%s: all have 14 digits and pass with a zero in front: leading "
		      "zeros lost by a spreadsheet?",
		      j->csv.name);
	return imp_hint(err, rc, "write all 15 digits of each");
}

static int check_next(void *ctx, struct imp_error *err)
{
	struct import *j = ctx;
	struct import_row row;
	int rc = walk_is_whole(&j->csv) ? import_read(j, &row, err) : -IMP_EFORMAT;

	j->good += rc == 0;
	j->bad += rc == -IMP_EFORMAT;
	return rc == -IMP_EFORMAT ? 0 : rc;
}

static int check_rows(struct import *j, struct imp_error *err)
{
	const struct walk walk = { &j->csv, &j->text, check_next, j };
	int rc = walk_rows(&walk, err);

	if (!rc)
		rc = walk_verdict(&j->csv, j->good, j->bad, err);
	return rc ? rc : check_lists(j, err);
}

/* A line of the table; row NULL: the names of its columns. */
static void put_line(const struct import *j, FILE *f, const struct import_row *row)
{
	const char *between = "";

	for (size_t i = 0; i < IMP_ROW_COLUMNS; i++) {
		if (!j->there[i])
			continue;
		fputs(between, f);
		encode_cell(f,
			    imp_span_str(row ? row->value[i]
					     : imp_reserved_name((enum imp_reserved)i)));
		between = ",";
	}
	for (size_t i = 0; i < j->args->keeps; i++) {
		size_t column = (size_t)j->keep[i];

		fputs(between, f);
		encode_cell(f, imp_span_str(row ? imp_csv_field(&j->csv, column)
						: j->csv.column[column]));
		between = ",";
	}
	fputc('\n', f);
}

static int put_next(void *ctx, struct imp_error *err)
{
	struct import *j = ctx;
	struct import_row row;
	int rc = walk_is_whole(&j->csv) ? import_read(j, &row, err) : -IMP_EFORMAT;

	if (rc == -IMP_EFORMAT || (!rc && j->left-- == 0))
		return walk_changed(&j->csv, err);
	if (rc)
		return rc;
	put_line(j, j->stream.f, &row);
	return stream_check(&j->stream, err);
}

/* All once more, as strictly: the file may have changed. */
static int put_rows(struct import *j, struct imp_error *err)
{
	const struct walk walk = { &j->csv, &j->text, put_next, j };
	int rc = imp_csv_rewind(&j->csv, err);

	rows_close(&j->rows);
	j->lists = (struct import_lists){ 0 };
	j->left = j->good;
	if (!rc)
		rc = rows_begin(&j->rows, NULL, err);
	if (!rc)
		put_line(j, j->stream.f, NULL);
	if (!rc)
		rc = walk_rows(&walk, err);
	return rc == 0 && j->left > 0 ? walk_changed(&j->csv, err) : rc;
}

static int write_table(struct import *j, struct imp_error *err)
{
	CLEANUP(imp_out_abort) struct imp_out out = { 0 };
	const struct out_args *o = &j->args->out;
	unsigned flags =
		(o->force ? IMP_OUT_FORCE : 0) | (secret_kept(j) ? IMP_OUT_PRIVATE : 0);
	int rc = imp_out_open(&out, o->path, flags, err);

	if (!rc && secret_kept(j) && !out.tmp)
		rc = imp_fail(err, IMP_EUSAGE,
			      "%s: secrets in clear go into a regular file", o->path);
	if (!rc)
		rc = stream_begin(&j->stream, &out, err);
	if (!rc)
		rc = put_rows(j, err);
	if (!rc)
		rc = stream_end(&j->stream, err);
	return rc ? rc : imp_out_commit(&out, err);
}

static bool is_taken(const struct import *j, int column)
{
	for (size_t i = 0; i < IMP_ROW_COLUMNS; i++)
		if (j->column[i] == column)
			return true;
	for (size_t i = 0; i < j->args->keeps; i++)
		if (j->keep[i] == column)
			return true;
	return false;
}

static void say_left_out(const struct import *j)
{
	char names[256];
	size_t n = 0;

	for (size_t i = 0; i < j->csv.columns && n < sizeof(names); i++)
		if (!is_taken(j, (int)i))
			n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s",
					      n ? ", " : "", j->csv.column[i]);
	if (n > 0)
		say_note("%s: left out, since no --keep names them: %s%s", j->csv.name,
			 names, n < sizeof(names) ? "" : "...");
}

static void say(const struct import *j)
{
	const char *secret = secret_kept(j), *out = j->args->out.path;

	say_left_out(j);
	walk_note(&j->csv);
	if (j->lists.completed > 0)
		say_note("%s: check digits computed for %" PRIu64 " IMEIs of 14 digits",
			 j->csv.name, j->lists.completed);
	if (!j->there[IMP_ROW_SERIAL] && !j->there[IMP_ROW_IMEI])
		say_note("build wants a serial or imei of each device: --serial names a "
			 "column");
	if (secret)
		say_note("%s: %s may hold secrets in clear: mode 0600", out, secret);
	if (out)
		say_note("%s: %" PRIu64 " device%s", out, j->good, imp_plural(j->good));
}

static int import(struct import *j, struct imp_error *err)
{
	const struct import_args *a = j->args;
	const struct import_format *format = a->format;
	int rc = imp_csv_open_bare(&j->csv, a->path, a->delimiter, import_names, &format,
				   err);

	if (!rc)
		rc = import_bind(j, err);
	if (!rc)
		rc = rows_begin(&j->rows, NULL, err);
	if (!rc && secret_kept(j) && (!a->out.path || strcmp(a->out.path, "-") == 0))
		rc = imp_fail(err, IMP_EUSAGE,
			      "missing -o FILE: %s may hold secrets, which go into a "
			      "file in clear",
			      secret_kept(j));
	if (!rc)
		rc = check_rows(j, err);
	if (!rc)
		rc = write_table(j, err);
	if (!rc)
		say(j);
	return rc;
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	struct import_args a = { 0 };
	struct import j = { .args = &a };
	int rc;

	(void)cli;
	cli_parse(&cmd_import, argc, argv, &a);
	rc = import(&j, err);
	if (rc && mistakes_say(&j.text, err))
		rc = -IMP_ERESOURCE;
	imp_csv_close(&j.csv);
	rows_close(&j.rows);
	stream_fini(&j.stream);
	imp_secret_fini(&j.text);
	return rc;
}

const struct cli_cmd cmd_import = {
	.name = "import",
	.brief = "make a table of devices of another tool's list",
	.argp = &argp,
	.run = run,
};
