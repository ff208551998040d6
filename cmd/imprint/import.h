/* SPDX-License-Identifier: Apache-2.0 */
/* Importing: lists of devices that other tools wrote become the table that build reads.
 */
#ifndef IMPRINT_IMPORT_H
#define IMPRINT_IMPORT_H

#include "args.h"
#include "rows.h"
#include "stream.h"

enum { IMPORT_KEEPS = 16 };

struct import_args {
	const char *path; /* "-": standard input */
	const struct import_format *format;
	const char *keep[IMPORT_KEEPS];
	size_t keeps;
	const char *serial; /* the column that is the serial; NULL: the format's */
	char delimiter;
	struct out_args out;
};

/* What a row comes to, by reserved columns; "" where it has nothing. Borrowed. */
struct import_row {
	const char *value[IMP_ROW_COLUMNS];
	int column[IMP_ROW_COLUMNS]; /* where it stands, for messages; -1: nowhere */
	char imei[16];		     /* one that was completed */
};

/* What is learned from row to row. */
struct import_lists {
	size_t digits;	    /* of the first IMEI: 14 or 15; 0: none yet */
	uint64_t completed; /* IMEIs whose check digit was computed */
	uint64_t shortened; /* those of them that pass with a zero in front, too */
};

/* A tool's form of a list. Columns are found in any case. */
struct import_format {
	const char *name;
	const char *expected; /* for messages: what a file of it is like */
	/* Its columns, and what they become. A first row that holds one is a header. */
	const struct import_map {
		const char *column;
		enum imp_reserved out;
	} * map;
	/* Files without a header, known by their number of columns. */
	const struct import_layout {
		size_t columns;
		const char *const *name;
	} * layouts;
	const char *const *open; /* columns that are documented and no secrets */
	/* Judge and complete a row: NULL, or what is wrong with *column. May be NULL. */
	const char *(*complete)(struct import_lists *lists, struct import_row *row,
				enum imp_reserved *column, char what[128]);
};

/* By name; NULL where there is none. */
const struct import_format *import_format_find(const char *name);
/* Index of a column, in any case; -1. */
int import_find(const struct imp_csv *csv, const char *column);
/* May this column of a format hold a secret? Everything may that is not known. */
bool import_may_be_secret(const struct import_format *f, const char *column);
/* An imp_csv_names_fn; ctx points to a pointer to the format. */
int import_names(void *ctx, const struct imp_csv *csv, size_t fields,
		 const char *const **names, struct imp_error *err);

/* A file on its way through. */
struct import {
	const struct import_args *args;
	struct imp_csv csv;
	int column[IMP_ROW_COLUMNS]; /* of the CSV; -1: none */
	int keep[IMPORT_KEEPS];
	bool there[IMP_ROW_COLUMNS]; /* some row has it */
	struct rows rows;
	struct import_lists lists;
	struct imp_secret text; /* mistakes */
	struct stream stream;
	uint64_t good, bad, left; /* left: good ones not written yet */
};

/* Bind the columns. 0, -IMP_EUSAGE (no such column), -IMP_EFORMAT (twice). */
int import_bind(struct import *j, struct imp_error *err);
/* Read and check the current row. 0; -IMP_EFORMAT with the mistakes appended to j->text;
 * -IMP_ERESOURCE. */
int import_read(struct import *j, struct import_row *row, struct imp_error *err);

#endif
