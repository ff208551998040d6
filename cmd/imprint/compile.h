/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling profiles, for build and pack. */
#ifndef IMPRINT_COMPILE_H
#define IMPRINT_COMPILE_H

#include "args.h"
#include "source/profile_source.h"

/* PROFILE, --csv, -s, --seed, --keep-going, ... */
struct compile_args {
	const char *profile, *csv, *seed, *objects;
	char delimiter;
	const char *set[64];
	size_t sets;
	uint64_t sequence;
	bool has_epochs, has_generation;
	uint32_t epochs[2], generation;
	const char *ids[64];
	size_t id_count;
	bool keep_going;       /* rows with mistakes are left out */
	struct imp_span drawn; /* a seed for this run, where --seed is not given and
				  nothing is handed on; or empty */
};
extern const struct argp source_argp;  /* all of these but --keep-going */
extern const struct argp compile_argp; /* and that */

/* One profile, borrowed. */
struct compiled {
	struct imp_span payload;
	struct imp_pub key; /* the row's column key; crv 0: none */
	unsigned long line; /* of the row; 0: no CSV */
	/* What it was built from: holds the object descriptions and the endpoint. */
	const struct imp_profile_source *source;
};

/* Which rows came to nothing after they were compiled. */
struct compile_report {
	const char *rows; /* name of the CSV; NULL: none */
	bool keep_going;
	uint64_t failed;
	/* Of the first, where it makes all of it fail. */
	int status;
	struct imp_error first;
};

/* A row that was looked at, or the profile where there is no CSV; borrowed. */
struct compile_row {
	unsigned long line; /* in the CSV; 0: none, or what is wrong before any row */
	const char *device; /* its serial, imei or ueid; "" where there is none */
	bool good;
	struct imp_span payload;  /* of the profile, where good */
	struct imp_span mistakes; /* imp_mistake_next() */
	struct imp_profile_source *source;
};

/* What is done with each profile. */
struct compile_sink {
	/* Before the first: how many there will be, and whether there is a head. NULL:
	 * rows are only checked. */
	int (*begin)(void *ctx, uint64_t count, bool lone, struct imp_error *err);
	int (*each)(void *ctx, const struct compiled *profile, struct imp_error *err);
	int (*end)(void *ctx, struct imp_error *err); /* after the last; may be NULL */
	void *ctx;
	struct compile_report *report; /* filled before begin; may be NULL */
	/* Every row in order, once it was checked, with its mistakes. NULL: mistakes go
	 * to standard error. */
	int (*checked)(void *ctx, const struct compile_row *row, struct imp_error *err);
	/* Look at each before begin; rows that compile_failed() then tells of may end it
	 * there. NULL: nobody wants to. */
	int (*survey)(void *ctx, const struct compiled *profile, struct imp_error *err);
};

/* Draw a seed of 32 bytes. 0, -IMP_ERESOURCE, -IMP_EINTERNAL. */
int draw_seed(struct imp_crypto *crypto, struct imp_secret *seed, struct imp_error *err);

/*
 * Compile every row and hand the profiles on, after all rows were found to be good.
 *
 * 0; -IMP_EFORMAT (mistakes; nothing was handed on); with --keep-going -IMP_EFINDINGS:
 * done, but for rows with mistakes; what the sink returns.
 */
int compile(struct imp_crypto *crypto, const struct compile_args *a,
	    const struct compile_sink *sink, struct imp_error *err);
/* A row failed after it was compiled: it is named and counted, and 0 is returned where
 * it is about the row alone, so that others can be told, too. compile() fails in the
 * end, with --keep-going with -IMP_EFINDINGS. */
int compile_failed(struct compile_report *r, uint64_t line, int rc,
		   struct imp_error *err);
/* What the report comes to in the end: 0, or why it fails. NULL: nobody reported. */
int compile_verdict(const struct compile_report *r, struct imp_error *err);
/* Will it fail, so that nothing more needs to be written? */
bool compile_is_lost(const struct compile_report *r);

#endif
