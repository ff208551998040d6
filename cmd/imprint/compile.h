/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling profiles, for build and pack. */
#ifndef IMPRINT_COMPILE_H
#define IMPRINT_COMPILE_H

#include "args.h"
#include "source/profile_source.h"

/* PROFILE, --csv, -s, --seed, ... */
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
};
extern const struct argp compile_argp;

/* What is done with each profile; payload is borrowed. */
struct compile_sink {
	/* Before the first: how many there will be, and whether there is a head. */
	int (*begin)(void *ctx, uint64_t count, bool lone, struct imp_error *err);
	int (*each)(void *ctx, struct imp_span payload, struct imp_error *err);
	void *ctx;
};

/*
 * Compile every row and hand the profiles on, after all rows were found to be good.
 * Mistakes go to standard error, all of them.
 */
int compile(struct imp_crypto *crypto, const struct compile_args *a,
	    const struct compile_sink *sink, struct imp_error *err);

#endif
