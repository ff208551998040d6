/* SPDX-License-Identifier: Apache-2.0 */
/* JUnit's XML, with all that its schemas ask for. Source: XML 1.0 2.2, 2.4. */
#include <inttypes.h>
#include <time.h>

#include "base/file.h"
#include "base/quote.h"
#include "junit.h"

/* One character; what XML cannot hold becomes \xNN or \uNNNN. */
static int put_character(struct imp_secret *out, struct imp_span c, uint32_t cp,
			 struct imp_error *err)
{
	switch (cp) {
	case '&':
		return imp_append_fmt(out, err, "&amp;");
	case '<':
		return imp_append_fmt(out, err, "&lt;");
	case '>':
		return imp_append_fmt(out, err, "&gt;");
	case '"':
		return imp_append_fmt(out, err, "&quot;");
	default:
		if (imp_is_control(cp) && cp != '\n')
			return imp_append_fmt(out, err, "\\x%02x", cp);
		if ((cp & 0xfffe) == 0xfffe || imp_is_bidirectional(cp))
			return imp_append_fmt(out, err, "\\u%04x", cp);
		return imp_secret_append(out, c, err);
	}
}

static int put(struct imp_secret *out, struct imp_span text, struct imp_error *err)
{
	int rc = 0;

	while (!rc && text.len > 0) {
		uint32_t cp = 0;
		size_t n = imp_utf8(text, &cp);

		if (n == 0)
			rc = imp_append_fmt(out, err, "\\x%02x", text.ptr[0]);
		else
			rc = put_character(out, (struct imp_span){ text.ptr, n }, cp,
					   err);
		text.ptr += n > 0 ? n : 1;
		text.len -= n > 0 ? n : 1;
	}
	return rc;
}

/* before, the text escaped, after */
static int wrap(struct imp_secret *out, const char *before, struct imp_span text,
		const char *after, struct imp_error *err)
{
	int rc = imp_secret_append(out, imp_span_str(before), err);

	if (!rc)
		rc = put(out, text, err);
	return rc ? rc : imp_secret_append(out, imp_span_str(after), err);
}

int junit_add(struct junit *j, const char *suite, const char *name,
	      struct imp_span failure, struct imp_span detail, struct imp_error *err)
{
	struct imp_secret *out = &j->cases;
	int rc = wrap(out, "    <testcase classname=\"", imp_span_str(suite), "\"", err);

	if (!rc)
		rc = wrap(out, " name=\"", imp_span_str(name), "\" time=\"0\"", err);
	j->tests++;
	if (rc || failure.len == 0)
		return rc ? rc : imp_append_fmt(out, err, "/>\n");
	j->failures++;
	rc = wrap(out, ">\n      <failure type=\"mistake\" message=\"", failure, "\">",
		  err);
	return rc ? rc : wrap(out, "", detail, "</failure>\n    </testcase>\n", err);
}

static int put_head(struct imp_secret *out, const struct junit *j, const char *suite,
		    struct imp_error *err)
{
	time_t now = time(NULL);
	char when[32] = "1970-01-01T00:00:00";
	struct tm tm;
	int rc;

	if (gmtime_r(&now, &tm))
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &tm);
	rc = imp_append_fmt(out, err,
			    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
	if (!rc)
		rc = wrap(out, "  <testsuite id=\"0\" package=\"imprint\" name=\"",
			  imp_span_str(suite), "\"", err);
	return rc ? rc
		  : imp_append_fmt(
			    out, err,
			    " hostname=\"localhost\" timestamp=\"%s\" tests=\"%" PRIu64
			    "\" failures=\"%" PRIu64 "\" errors=\"0\" time=\"0\">\n"
			    "    <properties/>\n",
			    when, j->tests, j->failures);
}

int junit_write(const struct junit *j, const char *suite, const char *path,
		struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret head = { 0 };
	CLEANUP(imp_out_abort) struct imp_out out = { 0 };
	const struct imp_span tail = IMP_TEXT("    <system-out/>\n    <system-err/>\n"
					      "  </testsuite>\n</testsuites>\n");
	int rc = put_head(&head, j, suite, err);

	if (!rc)
		rc = imp_out_open(&out, path, IMP_OUT_FORCE, err);
	if (!rc)
		rc = imp_out_write(&out, imp_secret_span(&head), err);
	if (!rc)
		rc = imp_out_write(&out, imp_secret_span(&j->cases), err);
	if (!rc)
		rc = imp_out_write(&out, tail, err);
	return rc ? rc : imp_out_commit(&out, err);
}

void junit_fini(struct junit *j)
{
	imp_secret_fini(&j->cases);
}
