/* SPDX-License-Identifier: Apache-2.0 */
/* Identifiers and their check digits; words for what is wrong, and for what spreadsheets
 * do to them. */
#ifndef IMP_MODEL_IDENTIFIER_H
#define IMP_MODEL_IDENTIFIER_H

#include "base/bytes.h"

enum imp_identifier {
	IMP_ID_IMEI,
	IMP_ID_IMEISV,
	IMP_ID_ICCID,
	IMP_ID_EID,
	IMP_ID_IMSI,
	IMP_ID_UEID,
	IMP_ID_APN,
	IMP_ID_PLMN,
	IMP_ID_KINDS
};

const char *imp_identifier_name(enum imp_identifier kind); /* "imei" */
/*
 * Is it one? NULL, or what is wrong, one clause with its source; static storage, or put
 * into buf.
 *
 * Source: 3GPP TS 23.003 6.2.1 (IMEI), 6.2.2 (IMEISV), 2.2 (IMSI), 9.1 (APN), 12.1
 * (PLMN); ITU-T E.118 (ICCID, Luhn); SGP.02 2.2.2 (EID, mod 97); RFC 9711 4.2.1 (UEID).
 */
const char *imp_identifier_wrong(enum imp_identifier kind, const char *text,
				 char buf[128]);
/* UEID of an IMEI: 03 and 14 digits. The text has been checked. */
void imp_ueid_of_imei(const char *imei, uint8_t ueid[15]);
/* And back, with the check digit; false where the UEID is of another kind. */
bool imp_imei_of_ueid(struct imp_span ueid, char imei[16]);

#endif
