/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AT commands: what a modem is told, from the settings of a profile and the description
 * of the modem. Source: imprint-modems(5); 3GPP TS 27.007; ITU-T V.250 5.4.
 */
#ifndef IMP_SOURCE_AT_H
#define IMP_SOURCE_AT_H

#include "base/secret.h"
#include "model/modem.h"
#include "model/object.h"
#include "object/profile.h"

struct imp_at_job {
	const struct imp_modem *modem;
	const struct imp_catalog *catalog; /* the one that the modem was read with */
	struct imp_span settings;	   /* an encoded map that was checked */
	struct imp_span marks; /* enum imp_setting_mark bits of each setting; or empty:
				  only resources tell what is secret */
};

/* One command of one instance (or of all). */
struct imp_at {
	const struct imp_at_command *command;
	uint16_t instance;
	/* Empty where it was made; else why not: a setting that it needs is missing, or a
	 * value that it cannot carry. Never shows a value. */
	char why[160];
	struct imp_span line;  /* "AT+CPSMS=1,,,..." without its line end; it may hold
				  secrets */
	struct imp_span shown; /* the same, with "(secret)" where they are */
};

/*
 * Make the commands in the order in which they are sent.
 *
 *   each   is given one after the other, borrowed for the call. A command is passed over
 *          where its conditions do not hold or nothing that it takes is set
 *
 * 0, -IMP_ERESOURCE, or what each returns.
 */
int imp_at_make(const struct imp_at_job *job,
		int (*each)(void *ctx, const struct imp_at *at, struct imp_error *err),
		void *ctx, struct imp_error *err) IMP_MUST_CHECK;
/* Is it made of this setting, among others? */
bool imp_at_takes(const struct imp_at *at, const struct imp_setting *s);

#endif
