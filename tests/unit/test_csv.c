/* SPDX-License-Identifier: Apache-2.0 */
/* CSV: RFC 4180 whole, and every way of breaking it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "source/csv.h"

static struct imp_csv csv;
static struct imp_error err;

/* Where names is NULL the first row is a header. */
static int open_with(const char *bytes, size_t len, char delimiter,
		     imp_csv_names_fn *names)
{
	int fd = memfd_create("csv", 0), rc;
	char path[32], mark[] = "x";

	imp_csv_close(&csv);
	cr_assert_eq(write(fd, bytes, len), (ssize_t)len);
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	rc = names ? imp_csv_open_bare(&csv, path, delimiter, names, mark, &err)
		   : imp_csv_open(&csv, path, delimiter, &err);
	close(fd);
	return rc;
}

static int open_bytes(const char *bytes, size_t len, char delimiter)
{
	return open_with(bytes, len, delimiter, NULL);
}

static int open_text(const char *text)
{
	return open_bytes(text, strlen(text), ',');
}

static void drop(void)
{
	imp_csv_close(&csv);
}

/* CSV-05 */
Test(csv, every_line_end_and_a_byte_order_mark, .fini = drop)
{
	static const char *const cases[] = { "a,b\n1,2\n",
					     "a,b\r\n1,2\r\n",
					     "a,b\r1,2\r",
					     "a,b\n1,2",
					     "\xef\xbb\xbf\x61,b\n1,2\n",
					     "\n\na,b\n\n1,2\n\n" };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(open_text(cases[i]), 0, "%zu: %s", i, err.msg);
		cr_assert_eq(imp_csv_next(&csv, &err), 1, "%zu: %s", i, err.msg);
		cr_assert_str_eq(csv.column[0], "a");
		cr_assert_str_eq(imp_csv_field(&csv, 1), "2");
		cr_assert_eq(imp_csv_next(&csv, &err), 0);
	}
}

Test(csv, quotes_hold_anything, .fini = drop)
{
	cr_assert_eq(open_text("a,b\n\"x,\"\"y\"\"\r\nz\",\"\"\nlast,1\n"), 0);
	cr_assert_eq(imp_csv_next(&csv, &err), 1);
	cr_assert_str_eq(imp_csv_field(&csv, 0), "x,\"y\"\nz");
	cr_assert_str_eq(imp_csv_field(&csv, 1), "");
	cr_assert_eq(csv.field_line[1], 3);
	cr_assert_eq(imp_csv_next(&csv, &err), 1);
	cr_assert_eq(csv.row_line, 4);
	cr_assert_str_eq(imp_csv_field(&csv, 0), "last");
}

Test(csv, another_delimiter, .fini = drop)
{
	cr_assert_eq(open_bytes("a;b\n1,5;2\n", 10, ';'), 0);
	cr_assert_eq(imp_csv_next(&csv, &err), 1);
	cr_assert_str_eq(imp_csv_field(&csv, 0), "1,5");
}

Test(csv, columns_count_characters, .fini = drop)
{
	cr_assert_eq(open_text("a,b\n\u00e4\u00f6,2\n"), 0);
	cr_assert_eq(imp_csv_next(&csv, &err), 1);
	cr_assert_eq(csv.field_column[1], 4);
}

/* CSV-01 to CSV-04, CSV-06 */
Test(csv, breaks_are_named_with_their_place, .fini = drop)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", ":1:1: no header" },
		{ "a,,b\n", ":1:3: a column without a name" },
		{ "\n\r\n\na,,b\n", ":4:3: a column without a name" },
		{ "a,b,a\n", ":1:5: column a stands there twice" },
		{ "\n\na,\"b\nc\",a\n", ":4:4: column a stands there twice" },
		{ "a,b\n1\n", ":2:1: 1 field, the header has 2" },
		{ "a,b\n1,2,3\n", ":2:1: 3 fields, the header has 2" },
		{ "a,b\n1,\"2\n", ":2:3: a quoted field that never ends" },
		{ "a,b\n1,x\"2\"\n", ":2:4: a quote inside a field" },
		{ "a,b\n1,\"2\"x\n", ":2:6: text after a closing quote (RFC 4180 2)" },
		{ "a,b\n1,\xff\n", ":2:3: is not UTF-8: save it as UTF-8 (RFC 3629 3)" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int rc = open_text(cases[i].text);

		if (rc == 0)
			rc = imp_csv_next(&csv, &err);
		cr_assert_eq(rc, -IMP_EFORMAT, "%s: %d", cases[i].text, rc);
		cr_assert(strstr(err.msg, cases[i].says), "%s: %s", cases[i].text,
			  err.msg);
	}
	cr_assert_eq(open_bytes("a\n1\0002\n", 6, ','), 0);
	cr_assert_eq(imp_csv_next(&csv, &err), -IMP_EFORMAT);
	cr_assert(strstr(err.msg, ":2:2: a NUL byte"), "%s", err.msg);
}

Test(csv, rows_and_columns_are_bounded, .fini = drop)
{
	char *big = malloc(2 * IMP_CSV_ROW_MAX);

	memset(big, 'x', 2 * IMP_CSV_ROW_MAX);
	memcpy(big, "a\n", 2);
	cr_assert_eq(open_bytes(big, 2 * IMP_CSV_ROW_MAX, ','), 0);
	cr_assert_eq(imp_csv_next(&csv, &err), -IMP_EFORMAT);
	cr_assert(strstr(err.msg, "a row of more than 65536 bytes"), "%s", err.msg);
	cr_assert_null(strstr(err.msg, "RFC"), "the limit is ours: %s", err.msg);
	memset(big, ',', 2 * IMP_CSV_ROW_MAX);
	cr_assert_eq(open_bytes(big, 2 * IMP_CSV_ROW_MAX, ','), -IMP_EFORMAT);
	cr_assert(strstr(err.msg, "more than 64 columns"), "%s", err.msg);
	cr_assert_null(strstr(err.msg, "RFC"), "the limit is ours: %s", err.msg);
	free(big);
}

static size_t count_mistakes(const struct imp_secret *text)
{
	struct imp_span rest = imp_secret_span(text);
	struct imp_mistake m;
	size_t n = 0;

	while (imp_mistake_next(&rest, &m))
		n++;
	cr_assert_eq(rest.len, 0);
	return n;
}

Test(csv, a_row_of_another_length_is_one_with_a_mistake, .fini = drop)
{
	CLEANUP(imp_secret_fini) struct imp_secret text = { 0 };

	cr_assert_eq(open_text("a,b\n1\n1,2\n1,2,3\n1,\"2\n"), 0);
	cr_assert_eq(imp_csv_next_any(&csv, &text, &err), 1);
	cr_assert_eq(csv.fields, 1);
	cr_assert_eq(imp_csv_next_any(&csv, &text, &err), 1);
	cr_assert_eq(csv.fields, csv.columns);
	cr_assert_eq(imp_csv_next_any(&csv, &text, &err), 1);
	cr_assert_eq(count_mistakes(&text), 2);
	cr_assert_eq(imp_csv_next_any(&csv, &text, &err), -IMP_EFORMAT);
	cr_assert_eq(csv.fields, 0);
	cr_assert_eq(count_mistakes(&text), 2);
}

Test(csv, a_mistake_stands_once_for_its_row, .fini = drop)
{
	CLEANUP(imp_secret_fini) struct imp_secret text = { 0 };

	cr_assert_eq(open_text("a,b\n1,2\n1,2\n"), 0);
	for (size_t row = 0; imp_csv_next(&csv, &err) > 0; row++) {
		for (size_t i = 0; i < 2; i++)
			for (int column = -1; column < 2; column++)
				cr_assert_eq(
					imp_csv_mistake(&csv, column, &text, &err, "x"),
					-IMP_EFORMAT);
		imp_csv_mistake(&csv, 0, &text, &err, "y");
		/* That of the whole row is that of its first column. */
		cr_assert_eq(count_mistakes(&text), 3 * (row + 1));
	}
}

Test(csv, the_last_mistake_is_found_and_cut, .fini = drop)
{
	CLEANUP(imp_secret_fini) struct imp_secret text = { 0 };
	struct imp_mistake m = { "f", 1, 2, 3, "", "first", "", "" };
	struct imp_span told = { 0 };

	cr_assert(!imp_mistake_last(&told, &m));
	cr_assert_eq(imp_mistake_put(&text, &m, &err), 0);
	m.text = "second";
	cr_assert_eq(imp_mistake_put(&text, &m, &err), 0);
	told = imp_secret_span(&text);
	cr_assert(imp_mistake_last(&told, &m));
	cr_assert_str_eq(m.text, "second");
	cr_assert(imp_mistake_last(&told, &m));
	cr_assert_str_eq(m.text, "first");
	cr_assert_eq(m.row, 3);
	cr_assert(!imp_mistake_last(&told, &m));
}

Test(csv, rewinding_gives_the_same_rows, .fini = drop)
{
	cr_assert_eq(open_text("\xef\xbb\xbf"
			       "a\n1\n2\n"),
		     0);
	while (imp_csv_next(&csv, &err) > 0)
		;
	cr_assert_eq(imp_csv_rewind(&csv, &err), 0);
	cr_assert_eq(imp_csv_next(&csv, &err), 1);
	cr_assert_str_eq(imp_csv_field(&csv, 0), "1");
	cr_assert_eq(csv.row_line, 2);
}

/* A header holds the text of ctx; other rows of two fields are a and b. */
static int judge(void *ctx, const struct imp_csv *c, size_t fields,
		 const char *const **names, struct imp_error *e)
{
	static const char *const two[] = { "a", "b" };

	if (strcmp(imp_csv_field(c, 0), ctx) == 0)
		return 0;
	*names = two;
	return fields == 2 ? 0 : imp_fail(e, IMP_EPOLICY, "expected two");
}

static int open_bare(const char *text)
{
	return open_with(text, strlen(text), ',', judge);
}

Test(csv, a_file_without_header_gives_its_first_row, .fini = drop)
{
	cr_assert_eq(open_bare("\xef\xbb\xbf\n1,2\n3,4\n"), 0, "%s", err.msg);
	cr_assert_eq(imp_csv_find(&csv, "b"), 1);
	for (int pass = 0; pass < 2; pass++) {
		cr_assert_eq(imp_csv_next(&csv, &err), 1);
		cr_assert_str_eq(imp_csv_field(&csv, 1), "2");
		cr_assert_eq(csv.row_line, 2);
		cr_assert_eq(imp_csv_next(&csv, &err), 1);
		cr_assert_eq(imp_csv_next(&csv, &err), 0);
		cr_assert_eq(imp_csv_rewind(&csv, &err), 0);
	}
	cr_assert_eq(open_bare("1,2\n3\n"), 0);
	cr_assert_eq(imp_csv_next(&csv, &err), 1);
	cr_assert_eq(imp_csv_next(&csv, &err), -IMP_EFORMAT);
	cr_assert(strstr(err.msg, ":2:1: 1 field, the first row has 2"), "%s", err.msg);
}

Test(csv, a_header_is_told_from_a_row, .fini = drop)
{
	cr_assert_eq(open_bare("x,y,z\n1,2,3\n"), 0);
	cr_assert_eq(imp_csv_find(&csv, "z"), 2);
	cr_assert_eq(imp_csv_next(&csv, &err), 1);
	cr_assert_str_eq(imp_csv_field(&csv, 0), "1");
	cr_assert_eq(imp_csv_rewind(&csv, &err), 0);
	cr_assert_eq(imp_csv_next(&csv, &err), 1);
	cr_assert_str_eq(imp_csv_field(&csv, 0), "1");
	cr_assert_eq(open_bare("1,2,3\n"), -IMP_EPOLICY);
	cr_assert_eq(open_bare(""), -IMP_EFORMAT);
	cr_assert(strstr(err.msg, ":1:1: no row"), "%s", err.msg);
}
