/* SPDX-License-Identifier: Apache-2.0 */
/* Making AT commands: what its two halves share. Private to lib/source. */
#ifndef IMP_SOURCE_MAKER_H
#define IMP_SOURCE_MAKER_H

#include "source/at.h"

struct entry {
	struct imp_setting s;
	bool hidden;
};

/* One command at work. */
struct maker {
	const struct imp_at_job *job;
	struct entry *entry; /* all settings, in the order of the wire; owned */
	size_t count;
	const struct imp_at_command *command;
	const struct imp_object *object;
	uint16_t instance;
	struct imp_at *at;
	struct imp_secret line, shown;
	const struct imp_resource *resource; /* of the parameter at hand */
};

/* at_parameter.c */

/* The first setting of a resource, and how many there are. */
const struct entry *find_entry(const struct maker *m, uint16_t resource, size_t *count);
/* A number or a bool; false for anything else. */
bool number_in(const struct imp_setting *s, int64_t *out);
/* Note why there will be no command; the first reason stays. */
void leave_out(struct maker *m, const char *fmt, ...) IMP_PRINTF(2, 3);
/* Append to the line, and to what is shown of it. */
int put_at(struct maker *m, bool hidden, const char *text, struct imp_error *err);
/* Append what stands between two commas. 0, or -IMP_ERESOURCE. */
int put_parameter(struct maker *m, const struct imp_at_parameter *p,
		  struct imp_error *err);

#endif
