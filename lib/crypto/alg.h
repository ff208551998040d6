/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The closed table of algorithms: nothing outside it is ever used, whatever a message
 * says.
 *
 * Source: IANA COSE Algorithms; RFC 9053; RFC 9864.
 */
#ifndef IMP_CRYPTO_ALG_H
#define IMP_CRYPTO_ALG_H

#include "crypto/face.h"

enum imp_alg_use { IMP_USE_SIGN, IMP_USE_AGREE, IMP_USE_CONTENT };

struct imp_alg_row {
	int32_t alg; /* enum imp_alg */
	enum imp_alg_use use;
	int32_t crv[2];	  /* curves of its keys; 0 where there is none */
	const char *name; /* as IANA spells it */
};

/* The row of an algorithm, or NULL. */
const struct imp_alg_row *imp_alg_row(int64_t alg);
/* Does it sign, with keys of this curve? */
bool imp_alg_signs(int64_t alg, int32_t crv);
/* The signing algorithm that is emitted for a curve, -7 or -8; 0 for a curve that does
 * not sign. */
int32_t imp_alg_for(int32_t crv);
/* "P-256", "X25519", "Ed25519", or "?" */
const char *imp_curve_name(int32_t crv);

#endif
