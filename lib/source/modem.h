/* SPDX-License-Identifier: Apache-2.0 */
/* Reading descriptions of modems. Source: imprint-modems(5). */
#ifndef IMP_SOURCE_MODEM_H
#define IMP_SOURCE_MODEM_H

#include "model/modem.h"
#include "model/object.h"
#include "source/diag.h"

/*
 * Read a description, and first the one beside it that it extends.
 *
 *   catalog   borrowed for the call: what commands take is found there. A command of an
 *             object that is not described is kept, but never made
 *   text      receives the mistakes where -IMP_EFORMAT is returned
 *
 * 0, -IMP_EUSAGE (no such file), -IMP_EFORMAT, -IMP_ERESOURCE. imp_modem_fini() whatever
 * is returned.
 */
int imp_modem_read(struct imp_modem *m, const char *path,
		   const struct imp_catalog *catalog, struct imp_secret *text,
		   struct imp_error *err) IMP_MUST_CHECK;
/* The same for a description in memory, which extends none; file is for messages. */
int imp_modem_parse(struct imp_modem *m, struct imp_span source, const char *file,
		    const struct imp_catalog *catalog, struct imp_secret *text,
		    struct imp_error *err) IMP_MUST_CHECK;

#endif
