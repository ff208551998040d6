/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of domains, a number for each of some, and the epochs of one. */
#ifndef IMP_OBJECT_DOMAINS_H
#define IMP_OBJECT_DOMAINS_H

#include "cbor/reader.h"
#include "cbor/writer.h"

/* [*domain], ascending, as a mask of bits 0..15. */
uint16_t imp_domains_take(struct imp_cbor *c);
void imp_domains_put(struct imp_writer *w, uint16_t mask);
/* {+ domain => u32}: a mask, and the number of each domain in it. */
uint16_t imp_domain_map_take(struct imp_cbor *c, uint32_t value[16]);
void imp_domain_map_put(struct imp_writer *w, uint16_t mask, const uint32_t value[16]);
unsigned imp_domains_count(uint16_t mask);
/* [owner-epoch, domain-epoch] */
void imp_epochs_take(struct imp_cbor *c, uint32_t epochs[2]);
void imp_epochs_put(struct imp_writer *w, const uint32_t epochs[2]);

#endif
