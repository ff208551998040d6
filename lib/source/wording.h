/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wording: settings as people read and write them, from their bytes and the descriptions
 * of objects. Nothing that is secret, or may be, is ever put into words.
 * Source: imprint-profile(5), values; imprint-objects(5).
 */
#ifndef IMP_SOURCE_WORDING_H
#define IMP_SOURCE_WORDING_H

#include "base/secret.h"
#include "model/object.h"
#include "object/profile.h"

struct imp_wording {
	struct imp_setting setting;
	const struct imp_object *object;     /* NULL: not described */
	const struct imp_resource *resource; /* NULL: not described */
	bool secret;	  /* it is, or may be: neither value nor bytes are told */
	char names[160];  /* "cellular/0/psm-timer", "apn/0/rats/1"; numbers where
			     nothing is described */
	char numbers[40]; /* "/10/0/4", "/11/0/30/1" */
};

/*
 * Who is it?
 *
 *   setting   of a walk; its bytes stay borrowed
 *   hidden    a secret was put into it, whatever its resource is
 *
 * Texts and bytes of resources that are not described count as secret.
 */
void imp_word(const struct imp_catalog *c, const struct imp_setting *setting, bool hidden,
	      struct imp_wording *out);
/* Append the value as a profile has it: 10h, [psm, edrx], {cycle: 81.92s, window:
 * 10.24s}, "iot.example"; or (secret). 0, or -IMP_ERESOURCE. */
int imp_word_value(const struct imp_wording *w, struct imp_secret *out,
		   struct imp_error *err) IMP_MUST_CHECK;
/* Append the encoded value in hex; or (secret). 0, or -IMP_ERESOURCE. */
int imp_word_bytes(const struct imp_wording *w, struct imp_secret *out,
		   struct imp_error *err) IMP_MUST_CHECK;
/*
 * The octet that travels on the air, of a timer or of eDRX.
 *
 *   bits   "00101010"
 *   name   "T3412 extended"; static
 *
 * False where the setting has none.
 */
bool imp_word_octet(const struct imp_wording *w, char bits[9], const char **name);

#endif
