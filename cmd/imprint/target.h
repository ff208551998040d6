/* SPDX-License-Identifier: Apache-2.0 */
/* A target as it is typed. */
#ifndef IMPRINT_TARGET_H
#define IMPRINT_TARGET_H

#include "base/error.h"
#include "object/target.h"

/*
 * "001010010000014" or "imei 001010010000014", "0301..." (hex) or "ueid 0301...", a class
 * "PEN/MODEL" or "MODEL". A number is an imei or the ueid of one, never a class.
 *
 *   ueid   what out->ueid borrows
 *   out    what is borrowed from text lives as long
 *
 * 0, -IMP_EUSAGE.
 */
int target_parse(const char *text, uint8_t ueid[33], struct imp_target *out,
		 struct imp_error *err);
/* The same for one device, by its imei or ueid; `option` is for messages. */
int device_parse(const char *option, const char *text, uint8_t ueid[33],
		 struct imp_span *out, struct imp_error *err);
/* Say on standard error what was understood: "note: lock for class keel-2". */
void target_note(const char *verb, const struct imp_target *target);

#endif
