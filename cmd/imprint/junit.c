/* SPDX-License-Identifier: Apache-2.0 */
/* Writing JUnit's XML. Source: XML 1.0, 2.2 (characters), 2.4 and 3.3.3 (what is
 * escaped).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "junit.h"
#include "markup.h"

enum { OPT_JUNIT = 0x800 };

static const struct argp_option options[] = {
	{ "junit", OPT_JUNIT, "FILE", 0,
	  "Write a report for CI servers to FILE, too: JUnit's XML; an earlier report is replaced",
	  0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct junit_args *a = state->input;

	if (key != OPT_JUNIT)
		return ARGP_ERR_UNKNOWN;
	a->path = arg;
	return 0;
}

const struct argp junit_argp = { .options = options, .parser = parse };

/* Every report begins so. */
static const char head[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			   "<testsuites name=\"imprint ";

/* A name that was mistyped must not cost another file. */
static int check_old(const char *path, struct imp_error *err)
{
	char start[sizeof(head) - 1] = "";
	FILE *f = fopen(path, "rbe");
	size_t n = f ? fread(start, 1, sizeof(start), f) : 0;

	if (!f)
		return 0;
	fclose(f);
	return n == sizeof(start) && memcmp(start, head, n) == 0
		       ? 0
		       : imp_fail(err, IMP_EUSAGE,
				  "%s: is there already, and is no report of imprint",
				  path);
}

int junit_open(struct junit *j, const struct junit_args *a, const char *suite,
	       struct imp_error *err)
{
	int rc;

	*j = (struct junit){ .suite = suite };
	if (!a->path)
		return 0;
	if (strcmp(a->path, "-") == 0)
		return imp_fail(err, IMP_EUSAGE, "--junit -: expected a file");
	rc = imp_out_check(a->path, IMP_OUT_FORCE, err);
	if (!rc && imp_out_check(a->path, 0, NULL))
		rc = check_old(a->path, err);
	if (!rc)
		rc = imp_out_open(&j->out, a->path, IMP_OUT_FORCE, err);
	if (rc)
		return rc;
	j->body = open_memstream(&j->cases, &j->len);
	return j->body ? 0 : imp_fail(err, IMP_ERESOURCE, "%s: out of memory", a->path);
}

static void put_attribute(FILE *f, const char *name, struct imp_span value)
{
	fprintf(f, " %s=\"", name);
	markup_text(f, value, true);
	fputc('"', f);
}

static void put_seconds(FILE *f, uint64_t ns)
{
	uint64_t ms = ns / 1000000;

	fprintf(f, " time=\"%" PRIu64 ".%03" PRIu64 "\"", ms / 1000, ms % 1000);
}

static void put_failure(FILE *f, const struct junit_case *c)
{
	fprintf(f, "<failure type=\"status %u\"", c->status);
	put_attribute(f, "message", c->message);
	fputc('>', f);
	markup_text(f, c->text.len > 0 ? c->text : c->message, false);
	fputs("</failure>", f);
}

static void put_passed(FILE *f, const struct junit_case *c)
{
	if (c->skipped) {
		fputs("<skipped", f);
		put_attribute(f, "message", c->message);
		fputs("/>", f);
	} else if (c->message.len > 0) {
		fputs("<system-out>", f);
		markup_text(f, c->message, false);
		fputs("</system-out>", f);
	}
}

void junit_add(struct junit *j, const struct junit_case *c)
{
	if (!j->body)
		return;
	j->tests++;
	j->failures += c->status != 0;
	j->skipped += c->status == 0 && c->skipped;
	j->took_ns += c->took_ns;
	fprintf(j->body, "    <testcase classname=\"imprint.%s\"", j->suite);
	put_attribute(j->body, "name", imp_span_str(c->name));
	put_seconds(j->body, c->took_ns);
	fputc('>', j->body);
	if (c->status != 0)
		put_failure(j->body, c);
	else
		put_passed(j->body, c);
	fputs("</testcase>\n", j->body);
}

/* What a suite says of its cases, and the suites of theirs. */
static void put_counts(const struct junit *j, FILE *f)
{
	fprintf(f, " tests=\"%u\" failures=\"%u\" errors=\"0\"", j->tests, j->failures);
}

static void put_start(const struct junit *j, FILE *f)
{
	fprintf(f, "%s%s\"", head, j->suite);
	put_counts(j, f);
	put_seconds(f, j->took_ns);
	fprintf(f, ">\n  <testsuite name=\"imprint %s\"", j->suite);
	put_counts(j, f);
	fprintf(f, " skipped=\"%u\"", j->skipped);
	put_seconds(f, j->took_ns);
	fputs(">\n", f);
}

static int write_all(struct junit *j, struct imp_error *err)
{
	char start[512];
	FILE *f = fmemopen(start, sizeof(start), "w");
	bool bad = ferror(j->body);
	int rc;

	bad |= fclose(STEAL(j->body)) != 0 || !f;
	if (f) {
		put_start(j, f);
		bad |= fclose(f) != 0;
	}
	if (bad)
		return imp_fail(err, IMP_ERESOURCE, "%s: out of memory", j->out.path);
	rc = imp_out_write(&j->out, imp_span_str(start), err);
	if (!rc)
		rc = imp_out_write(&j->out,
				   (struct imp_span){ (uint8_t *)j->cases, j->len }, err);
	return rc ? rc
		  : imp_out_write(&j->out, IMP_TEXT("  </testsuite>\n</testsuites>\n"),
				  err);
}

int junit_commit(struct junit *j, int rc, struct imp_error *err)
{
	struct imp_error own = { 0 };
	int bad = 0;

	if (j->body) {
		bad = write_all(j, &own);
		if (!bad)
			bad = imp_out_commit(&j->out, &own);
	}
	junit_abort(j);
	if (bad && rc)
		return imp_hint(err, rc, "there is no report: %s", own.msg);
	if (bad)
		*err = own;
	return bad ? bad : rc;
}

void junit_abort(struct junit *j)
{
	if (j->body)
		fclose(j->body);
	free(j->cases);
	imp_out_abort(&j->out);
	*j = (struct junit){ 0 };
}
