/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encodings of 3GPP: which durations can be said on the air, exactly.
 *
 * Nothing is ever rounded: what cannot be expressed is refused, with the nearest values
 * that can. Source: 3GPP TS 24.008 10.5.7.4 (T3324), 10.5.7.4a (T3412 extended, GPRS
 * timer 3), 10.5.5.32 (eDRX).
 */
#ifndef IMP_MODEL_ENCODING_H
#define IMP_MODEL_ENCODING_H

#include "model/object.h"

/* T3324, T3412 extended or GPRS timer 3: seconds to the octet, smallest unit first. False
 * with the nearest values below and above (0: none). */
bool imp_timer_encode(enum imp_encoding timer, uint64_t seconds, uint8_t *octet,
		      uint64_t *below, uint64_t *above);
/* The octet's seconds; false for "deactivated" and units that mean nothing. */
bool imp_timer_decode(enum imp_encoding timer, uint8_t octet, uint64_t *seconds);
/*
 * eDRX with its paging time window, in hundredths of a second, to octet 3: window << 4 |
 * cycle. False with the nearest of whichever does not fit (*cycle_wrong; 0: none).
 */
bool imp_edrx_encode(enum imp_encoding edrx, uint64_t cycle_cs, uint64_t window_cs,
		     uint8_t *octet, bool *cycle_wrong, uint64_t *below, uint64_t *above);
bool imp_edrx_decode(enum imp_encoding edrx, uint8_t octet, uint64_t *cycle_cs,
		     uint64_t *window_cs);
/* Release assistance indication: do these bits go together? NULL, or what is wrong, one
 * clause with its source. Source: OMA LwM2M registry, 10.xml, resource 14. */
const char *imp_rai_wrong(uint64_t bits);

#endif
