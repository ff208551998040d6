/* SPDX-License-Identifier: Apache-2.0 */
/* Settings on their way into the map. Private to lib/source. */
#ifndef IMP_SOURCE_SETTINGS_H
#define IMP_SOURCE_SETTINGS_H

#include "source/build.h"

struct compiler {
	struct imp_profile_source *s;
	struct imp_compiled *entry; /* IMP_SETTINGS_MAX of them */
	size_t count;
	struct imp_writer values; /* encoded values, back to back */
};

/* settings.c: was it set, in an entry from this one on? */
bool is_there(const struct compiler *c, size_t from, uint16_t resource);
/* rules.c: what is required, and the object's rules, for the instance n whose entries
 * start at from. */
void check_instance(const struct compiler *c, const struct imp_object *o, size_t from,
		    const struct imp_yaml *n);

#endif
