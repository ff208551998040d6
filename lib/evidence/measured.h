/* SPDX-License-Identifier: Apache-2.0 */
/* Measured components: claim 273. Private to lib/evidence. Source: RFC 10013;
 * imprint-formats(7). */
#ifndef IMP_EVIDENCE_MEASURED_H
#define IMP_EVIDENCE_MEASURED_H

#include "evidence/token.h"

void imp_measurements_take(struct imp_cbor *c, struct imp_evidence *out);
/* Whether the claim is there at all. */
bool imp_measurements_any(const struct imp_evidence *e);
void imp_measurements_put(struct imp_writer *w, const struct imp_evidence *e);

#endif
