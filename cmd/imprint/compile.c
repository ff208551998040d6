/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling profiles: once over all rows to find every mistake, once more to hand them
 * on. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "crypto/key.h"
#include "datadir.h"
#include "rows.h"

enum {
	OPT_CSV = 0x600,
	OPT_DELIMITER,
	OPT_SEED,
	OPT_OBJECTS,
	OPT_SEQUENCE,
	OPT_EPOCHS,
	OPT_GENERATION,
	OPT_ID,
	OPT_KEEP_GOING,
	TEXT_MAX = 64 * 1024
};

static const struct argp_option options[] = {
	{ "csv", OPT_CSV, "FILE", 0, "Make a profile for each row of FILE", 0 },
	{ "delimiter", OPT_DELIMITER, "CHAR", 0,
	  "Character between the fields of the CSV, or tab (default ,)", 0 },
	{ "set", 's', "NAME=VALUE", 0, "Set a variable; repeatable", 0 },
	{ "seed", OPT_SEED, "KEY", 0,
	  "Derive generated secrets and salts from the seed in KEY", 0 },
	{ "objects", OPT_OBJECTS, "DIR", 0, "Read object descriptions from DIR", 0 },
	{ "sequence", OPT_SEQUENCE, "N", 0, "Sequence, in place of the file's", 0 },
	{ "epochs", OPT_EPOCHS, "A,B", 0,
	  "Owner-epoch and domain-epoch, in place of the file's", 0 },
	{ "generation", OPT_GENERATION, "N", 0, "Generation of generated secrets", 0 },
	{ "id", OPT_ID, "ID", 0, "Only rows with this serial, imei or ueid; repeatable",
	  0 },
	{ "keep-going", OPT_KEEP_GOING, NULL, 0,
	  "Leave out rows with mistakes, report them, and end with status 11", 0 },
	{ 0 },
};

static void parse_epochs(struct argp_state *state, struct compile_args *a,
			 const char *arg)
{
	const char *comma = strchr(arg, ',');
	char owner[16] = "";

	if (!comma || comma - arg >= (ptrdiff_t)sizeof(owner))
		argp_error(state, "--epochs: '%s' is not OWNER-EPOCH,DOMAIN-EPOCH", arg);
	memcpy(owner, arg, (size_t)(comma - arg));
	a->epochs[0] = (uint32_t)cli_number(state, "--epochs", owner, 0, UINT32_MAX);
	a->epochs[1] = (uint32_t)cli_number(state, "--epochs", comma + 1, 0, UINT32_MAX);
	a->has_epochs = true;
}

static void add(struct argp_state *state, const char **list, size_t *count, size_t cap,
		const char *arg)
{
	if (*count == cap)
		argp_error(state, "more than %zu times the same option", cap);
	list[(*count)++] = arg;
}

/* One character; a tab is hard to type. */
static char delimiter(struct argp_state *state, const char *arg)
{
	if (strcmp(arg, "tab") == 0 || strcmp(arg, "\\t") == 0)
		return '\t';
	if (strlen(arg) != 1 || strchr("\"\r\n", arg[0]))
		argp_error(state, "--delimiter: expected one character, or tab");
	return arg[0];
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct compile_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		a->delimiter = ',';
		return 0;
	case OPT_CSV:
		a->csv = arg;
		return 0;
	case OPT_DELIMITER:
		a->delimiter = delimiter(state, arg);
		return 0;
	case 's':
		add(state, a->set, &a->sets, COUNTOF(a->set), arg);
		return 0;
	case OPT_SEED:
		a->seed = arg;
		return 0;
	case OPT_OBJECTS:
		a->objects = arg;
		return 0;
	case OPT_SEQUENCE:
		a->sequence = cli_number(state, "--sequence", arg, 1, INT64_MAX);
		return 0;
	case OPT_EPOCHS:
		parse_epochs(state, a, arg);
		return 0;
	case OPT_GENERATION:
		a->generation =
			(uint32_t)cli_number(state, "--generation", arg, 0, UINT32_MAX);
		a->has_generation = true;
		return 0;
	case OPT_ID:
		add(state, a->ids, &a->id_count, COUNTOF(a->ids), arg);
		return 0;
	case OPT_KEEP_GOING:
		a->keep_going = true;
		return 0;
	case ARGP_KEY_ARG:
		if (a->profile)
			return ARGP_ERR_UNKNOWN;
		a->profile = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->profile)
			argp_error(state, "missing PROFILE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp compile_argp = { .options = options, .parser = parse };

/* --id: any of the identifying columns may match. */
static bool has_id(const struct imp_csv *csv, const char *id)
{
	static const char *const columns[] = { "serial", "imei", "ueid" };

	for (size_t k = 0; k < COUNTOF(columns); k++) {
		int at = imp_csv_find(csv, columns[k]);

		if (at >= 0 && strcmp(imp_csv_field(csv, (size_t)at), id) == 0)
			return true;
	}
	return false;
}

static bool is_wanted(const struct compile_args *a, const struct imp_csv *csv,
		      uint64_t *found)
{
	bool wanted = a->id_count == 0;

	for (size_t i = 0; i < a->id_count; i++)
		if (has_id(csv, a->ids[i])) {
			wanted = true;
			*found |= UINT64_C(1) << i;
		}
	return wanted;
}

struct job {
	const struct compile_args *a;
	struct imp_crypto *crypto;
	struct imp_profile_source source;
	struct imp_csv csv;
	struct rows rows;
	struct imp_secret text;		   /* mistakes */
	struct imp_seen targets;	   /* of the rows */
	uint8_t digest[2][IMP_SHA256_LEN]; /* of the rows as checked, and as handed on */
	uint64_t id_found;		   /* bit i: some row has the i-th --id */
	uint64_t good, bad;
	unsigned long *bad_line; /* rows to be left out; owned */
	size_t bad_lines, bad_cap;
};

static void job_fini(struct job *j)
{
	imp_profile_source_fini(&j->source);
	imp_csv_close(&j->csv);
	rows_close(&j->rows);
	imp_seen_fini(&j->targets);
	imp_secret_fini(&j->text);
	free(j->bad_line);
}

static int note_bad(struct job *j, struct imp_error *err)
{
	j->bad++;
	if (!j->a->keep_going)
		return 0;
	if (j->bad_lines == j->bad_cap) {
		size_t cap = j->bad_cap ? 2 * j->bad_cap : 64;
		unsigned long *more = reallocarray(j->bad_line, cap, sizeof(*more));

		if (!more)
			return imp_fail(err, IMP_ERESOURCE, "out of memory");
		j->bad_line = more;
		j->bad_cap = cap;
	}
	j->bad_line[j->bad_lines++] = j->csv.row_line;
	return 0;
}

/* Two profiles of one device: the target names no variable, or two columns name it. */
static int check_target(struct job *j, struct imp_error *err)
{
	uint32_t line = (uint32_t)j->csv.row_line, before;
	struct imp_span ueid = { j->source.ueid, j->source.ueid_len };
	char text[256];
	int rc = imp_seen_add(&j->targets, ueid, line, &before, err);

	if (rc || before == IMP_SEEN_NOWHERE)
		return rc;
	snprintf(text, sizeof(text),
		 "%.128s:%u:1: the profile's target is the device of line %u again\n",
		 j->csv.name, line, before);
	rc = imp_secret_append(&j->text, imp_span_str(text), err);
	return rc ? rc : -IMP_EFORMAT;
}

/* One row; mistakes in it are kept, and the next row is looked at all the same. */
static int check_row(struct job *j, struct imp_error *err)
{
	int rc = rows_check(&j->rows, &j->csv, &j->text, err);
	int rc2 = imp_profile_source_check(&j->source, &j->csv, &j->text, err);

	if (!rc && !rc2)
		rc = check_target(j, err);
	if ((rc && rc != -IMP_EFORMAT) || (rc2 && rc2 != -IMP_EFORMAT))
		return rc && rc != -IMP_EFORMAT ? rc : rc2;
	if (rc || rc2)
		return note_bad(j, err);
	j->good++;
	return 0;
}

/* What was checked must be what is handed on. */
static int digest_row(struct job *j, unsigned pass, struct imp_error *err)
{
	const struct imp_span part[] = { IMP_SPAN(j->digest[pass]),
					 imp_secret_span(&j->csv.text) };

	return imp_sha256(j->crypto, part, COUNTOF(part), j->digest[pass])
		       ? imp_fail(err, IMP_EINTERNAL, "SHA-256 failed")
		       : 0;
}

static void say_mistakes(struct job *j)
{
	if (j->text.len > 0)
		fwrite(j->text.ptr, 1, j->text.len, stderr);
	j->text.len = 0;
}

static int missing_id(const struct job *j, struct imp_error *err)
{
	for (size_t i = 0; i < j->a->id_count; i++)
		if (!(j->id_found >> i & 1))
			return imp_fail(err, IMP_EFORMAT, "%s: no row with --id %s",
					j->csv.name, j->a->ids[i]);
	return 0;
}

static int verdict(struct job *j, struct imp_error *err)
{
	int rc = missing_id(j, err);

	if (rc)
		return rc;
	if (j->bad > 0 && !(j->a->keep_going && j->good > 0))
		return imp_fail(err, IMP_EFORMAT, "%s: %" PRIu64 " row%s with mistakes",
				j->csv.name, j->bad, j->bad == 1 ? "" : "s");
	if (j->good == 0)
		return imp_fail(err, IMP_EFORMAT, "%s: no row", j->csv.name);
	if (j->csv.open_end)
		fprintf(stderr,
			"note: %s: the last line has no end: was the file cut off?\n",
			j->csv.name);
	return 0;
}

/* Mistakes are shown up to a limit, and all of them counted. */
static int check_next(struct job *j, struct imp_error *err)
{
	size_t shown = j->text.len;
	int rc = digest_row(j, 0, err);

	if (!rc)
		rc = cli_check_cancel(err);
	if (!rc && is_wanted(j->a, &j->csv, &j->id_found))
		rc = check_row(j, err);
	if (shown >= TEXT_MAX)
		j->text.len = shown;
	else if (j->text.len >= TEXT_MAX && !rc)
		rc = imp_secret_append(&j->text, IMP_TEXT("... and more\n"), err);
	if (!rc && j->a->keep_going)
		say_mistakes(j);
	return rc;
}

static int check_rows(struct job *j, struct imp_error *err)
{
	int rc = imp_seen_init(&j->targets, err);

	while (!rc && (rc = imp_csv_next(&j->csv, err)) > 0)
		rc = check_next(j, err);
	return rc ? rc : verdict(j, err);
}

/* The head has the count already, and rows that came later were never checked. */
static int changed(const struct job *j, struct imp_error *err)
{
	return imp_fail(err, IMP_EFORMAT, "%s: changed while it was read", j->csv.name);
}

/* The next row that is wanted and good: 1, 0 at the end. */
static int next_good(struct job *j, size_t *skipped, struct imp_error *err)
{
	int rc;

	while ((rc = imp_csv_next(&j->csv, err)) > 0) {
		rc = digest_row(j, 1, err);
		if (!rc)
			rc = cli_check_cancel(err);
		if (rc)
			return rc;
		if (*skipped < j->bad_lines && j->bad_line[*skipped] == j->csv.row_line)
			++*skipped;
		else if (is_wanted(j->a, &j->csv, &j->id_found))
			return 1;
	}
	return rc;
}

static int hand_on(struct job *j, const struct compile_sink *sink, struct imp_error *err)
{
	struct compiled one;
	uint64_t left = j->good;
	size_t skipped = 0;
	int rc = imp_csv_rewind(&j->csv, err);

	if (!rc)
		rc = sink->begin(sink->ctx, left, false, err);
	while (!rc && (rc = next_good(j, &skipped, err)) > 0) {
		one.line = j->csv.row_line;
		one.key = rows_key(&j->rows, &j->csv);
		rc = imp_profile_source_build(&j->source, &j->csv, &one.payload, &j->text,
					      err);
		if (rc == -IMP_EFORMAT || (!rc && left-- == 0))
			return changed(j, err);
		if (!rc)
			rc = sink->each(sink->ctx, &one, err);
	}
	if (rc)
		return rc;
	if (left > 0 || memcmp(j->digest[0], j->digest[1], IMP_SHA256_LEN) != 0)
		return changed(j, err);
	return sink->end ? sink->end(sink->ctx, err) : 0;
}

static int one(struct job *j, const struct compile_sink *sink, struct imp_error *err)
{
	struct compiled one = { 0 };
	int rc = imp_profile_source_build(&j->source, NULL, &one.payload, &j->text, err);

	if (rc || !sink)
		return rc;
	rc = sink->begin(sink->ctx, 1, true, err);
	if (!rc)
		rc = sink->each(sink->ctx, &one, err);
	return rc || !sink->end ? rc : sink->end(sink->ctx, err);
}

static void name_unused(const struct job *j)
{
	char names[512];

	imp_profile_source_unused(&j->source, &j->csv, names, sizeof(names));
	if (names[0])
		fprintf(stderr, "note: %s: columns that nothing uses: %s\n", j->csv.name,
			names);
}

int compile_failed(struct compile_report *r, uint64_t line, int rc, struct imp_error *err)
{
	bool about_row = rc == -IMP_EFORMAT || rc == -IMP_EPOLICY || rc == -IMP_EVERIFY ||
			 rc == -IMP_EKEY;

	if (r->rows)
		imp_wrap(err, rc, "%s:%" PRIu64, r->rows, line);
	if (!r->keep_going || !about_row)
		return rc;
	r->failed++;
	fprintf(stderr, "%s\n", err->msg);
	return 0;
}

static int all(struct job *j, struct imp_crypto *crypto,
	       const struct imp_build_options *o, const struct compile_sink *sink,
	       struct imp_error *err)
{
	uint64_t failed;
	int rc = j->a->csv ? imp_csv_open(&j->csv, j->a->csv, j->a->delimiter, err) : 0;

	if (!rc && j->a->csv)
		rc = rows_open(&j->rows, crypto, &j->csv, err);
	if (!rc)
		rc = imp_profile_source_open(&j->source, crypto, o,
					     j->a->csv ? &j->csv : NULL, &j->text, err);
	if (rc || !j->a->csv)
		return rc ? rc : one(j, sink, err);
	rc = check_rows(j, err);
	if (rc)
		return rc;
	name_unused(j);
	if (sink && sink->report)
		*sink->report = (struct compile_report){ .rows = j->csv.name,
							 .keep_going = j->a->keep_going };
	if (sink)
		rc = hand_on(j, sink, err);
	failed = j->bad + (sink && sink->report ? sink->report->failed : 0);
	if (rc || failed == 0)
		return rc;
	return imp_fail(err, IMP_EFINDINGS, "%s: %" PRIu64 " row%s left out", j->csv.name,
			failed, failed == 1 ? "" : "s");
}

int compile(struct imp_crypto *crypto, const struct compile_args *a,
	    const struct compile_sink *sink, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret seed = { 0 };
	char objects[4096];
	struct imp_build_options o = { .path = a->profile,
				       .objects = a->objects ? a->objects : objects,
				       .set = a->set,
				       .sets = a->sets,
				       .sequence = a->sequence,
				       .has_epochs = a->has_epochs,
				       .has_generation = a->has_generation,
				       .epochs = { a->epochs[0], a->epochs[1] },
				       .generation = a->generation };
	struct job *j = calloc(1, sizeof(*j));
	int rc = j ? 0 : imp_fail(err, IMP_ERESOURCE, "out of memory");

	if (!rc && a->seed)
		rc = imp_seed_read(a->seed, &seed, err);
	objects_dir(objects, sizeof(objects));
	o.seed = imp_secret_span(&seed);
	if (!rc) {
		j->a = a;
		j->crypto = crypto;
		rc = all(j, crypto, &o, sink, err);
		say_mistakes(j);
		job_fini(j);
	}
	free(j);
	return rc;
}
