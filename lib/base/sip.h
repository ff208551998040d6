/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sip: a keyed hash of short values, for sums and tables that somebody might aim at (host
 * only).
 *
 * Who does not know the key, drawn at random for one use, can choose no values whose
 * hashes agree. Source: Aumasson, Bernstein, SipHash: a fast short-input PRF (2012),
 * SipHash-2-4; of 128 bits as in its reference code and in OpenSSL.
 */
#ifndef IMP_BASE_SIP_H
#define IMP_BASE_SIP_H

#include "base/bytes.h"

void imp_sip(const uint64_t key[2], struct imp_span value, uint64_t out[2]);

#endif
