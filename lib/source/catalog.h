/* SPDX-License-Identifier: Apache-2.0 */
/* Reading object descriptions. Source: imprint-objects(5). */
#ifndef IMP_SOURCE_CATALOG_H
#define IMP_SOURCE_CATALOG_H

#include "model/object.h"
#include "source/diag.h"

/*
 * Read every *.yaml of a folder, sorted by name.
 *
 *   text   receives the mistakes where -IMP_EFORMAT is returned
 *
 * 0, -IMP_EUSAGE (no such folder), -IMP_EFORMAT, -IMP_ERESOURCE.
 */
int imp_catalog_read(struct imp_catalog *c, const char *dir, struct imp_secret *text,
		     struct imp_error *err) IMP_MUST_CHECK;
/* Read one more file; an object that is there already is an error. As above. */
int imp_catalog_add_file(struct imp_catalog *c, const char *path, struct imp_secret *text,
			 struct imp_error *err) IMP_MUST_CHECK;

#endif
