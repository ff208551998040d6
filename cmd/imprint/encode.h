/* SPDX-License-Identifier: Apache-2.0 */
/* Writing bytes and CSV cells as text. */
#ifndef IMPRINT_ENCODE_H
#define IMPRINT_ENCODE_H

#include <stdio.h>

#include "base/bytes.h"

/* Lower case, two digits a byte. Write errors stay with f. */
void encode_hex(FILE *f, struct imp_span bytes);
/* Padded, on one line. Likewise. */
void encode_base64(FILE *f, struct imp_span bytes);
/* A cell, quoted where it must be. Source: RFC 4180 2. */
void encode_cell(FILE *f, struct imp_span text);
/* The same with an apostrophe in front of what a spreadsheet would run. */
void encode_safe_cell(FILE *f, struct imp_span text);
/* Would a spreadsheet take the cell for a formula? */
bool is_formula(struct imp_span text);

#endif
