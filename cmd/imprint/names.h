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

/* Read the descriptions; where there are none, settings are shown without names and
 * values. */
void names_open(struct names *n);
void names_close(struct names *n);

#endif
