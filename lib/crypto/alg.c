/* SPDX-License-Identifier: Apache-2.0 */
/* The closed table of algorithms. */
#include "crypto/alg.h"

static const struct imp_alg_row rows[] = {
	{ IMP_ALG_ES256, IMP_USE_SIGN, { IMP_CRV_P256 }, "ES256" },
	{ IMP_ALG_ESP256, IMP_USE_SIGN, { IMP_CRV_P256 }, "ESP256" },
	{ IMP_ALG_EDDSA, IMP_USE_SIGN, { IMP_CRV_ED25519 }, "EdDSA" },
	{ IMP_ALG_ED25519, IMP_USE_SIGN, { IMP_CRV_ED25519 }, "Ed25519" },
	{ IMP_ALG_ECDH_ES_A256KW,
	  IMP_USE_AGREE,
	  { IMP_CRV_P256, IMP_CRV_X25519 },
	  "ECDH-ES+A256KW" },
	{ IMP_ALG_A256GCM, IMP_USE_CONTENT, { 0 }, "A256GCM" },
};

const struct imp_alg_row *imp_alg_row(int64_t alg)
{
	for (size_t i = 0; i < COUNTOF(rows); i++)
		if (rows[i].alg == alg)
			return &rows[i];
	return NULL;
}

bool imp_alg_signs(int64_t alg, int32_t crv)
{
	const struct imp_alg_row *row = imp_alg_row(alg);

	return row && row->use == IMP_USE_SIGN && row->crv[0] == crv;
}

int32_t imp_alg_for(int32_t crv)
{
	for (size_t i = 0; i < COUNTOF(rows); i++)
		if (rows[i].use == IMP_USE_SIGN && rows[i].crv[0] == crv)
			return rows[i].alg;
	return 0;
}

const char *imp_curve_name(int32_t crv)
{
	return crv == IMP_CRV_P256	? "P-256"
	       : crv == IMP_CRV_X25519	? "X25519"
	       : crv == IMP_CRV_ED25519 ? "Ed25519"
					: "?";
}
