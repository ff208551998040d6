/* SPDX-License-Identifier: Apache-2.0 */
/* Names of objects and resources for showing, from the object descriptions at hand. */
#ifndef IMPRINT_NAMES_H
#define IMPRINT_NAMES_H

#include "model/object.h"
#include "show.h"

struct names {
	struct imp_catalog catalog;
	struct show_names table;
};

/*
 * Read the descriptions in `dir`; NULL: the installed ones, and where there are none,
 * settings are shown without names and values. 0, or the errors of imp_catalog_read().
 */
int names_open(struct names *n, const char *dir, struct imp_error *err);
void names_close(struct names *n);

#endif
