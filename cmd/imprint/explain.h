/* SPDX-License-Identifier: Apache-2.0 */
/* Explaining: what each setting of one profile becomes. */
#ifndef IMPRINT_EXPLAIN_H
#define IMPRINT_EXPLAIN_H

#include <stdio.h>

#include "model/modem.h"
#include "model/object.h"
#include "object/profile.h"

struct explain {
	FILE *f;
	bool json; /* one object a line */
	const struct imp_catalog *catalog;
	const struct imp_modem *modem;
	bool label_hidden;
};

/*
 * Show a profile: its head, then each setting with its names and numbers, its value, its
 * bytes, its octet and its AT commands. Secrets are masked in all of them.
 *
 *   marks   enum imp_setting_mark bits of each setting
 *
 * 0, or -IMP_ERESOURCE.
 */
int explain_profile(const struct explain *x, const struct imp_profile *p,
		    struct imp_span marks, struct imp_error *err);

#endif
