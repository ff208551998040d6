/* SPDX-License-Identifier: Apache-2.0 */
/* Identifiers and their check digits. */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "model/identifier.h"

static const char *const names[IMP_ID_KINDS] = { "imei", "iccid", "eid",
						 "imsi", "ueid",  "apn" };

const char *imp_identifier_name(enum imp_identifier kind)
{
	return names[kind];
}

static bool all_digits(const char *s)
{
	return *s && s[strspn(s, "0123456789")] == '\0';
}

/* What a spreadsheet leaves of a long number: 8.98821E+18. */
static bool mangled(const char *s)
{
	return strpbrk(s, "Ee") && strspn(s, "0123456789.,Ee+") == strlen(s);
}

/* The digit that makes the whole number pass. Source: ISO/IEC 7812-1 B. */
static unsigned luhn_digit(const char *s, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned d = (unsigned)(s[n - 1 - i] - '0') << (i % 2 == 0);

		sum += d > 9 ? d - 9 : d;
	}
	return (10 - sum % 10) % 10;
}

static const char *check_luhn(const char *s, size_t n, const char *source, char buf[128])
{
	unsigned want = luhn_digit(s, n - 1), have = (unsigned)(s[n - 1] - '0');

	if (want == have)
		return NULL;
	snprintf(buf, 128, "check digit is %u, should be %u (%s)", have, want, source);
	return buf;
}

static const char *wrong_imei(const char *s, char buf[128])
{
	if (mangled(s))
		return "a spreadsheet made a floating-point number of it: format the column as text";
	if (!all_digits(s))
		return "is not digits only (3GPP TS 23.003 6.2.1)";
	if (strlen(s) == 14)
		return "has 14 digits, expected 15: leading zero lost by a spreadsheet?";
	if (strlen(s) != 15)
		return "is not 15 digits (3GPP TS 23.003 6.2.1)";
	return check_luhn(s, 15, "3GPP TS 23.003 6.2.1", buf);
}

static const char *wrong_iccid(const char *s, char buf[128])
{
	size_t n = strlen(s);

	if (mangled(s))
		return "a spreadsheet made a floating-point number of it: format the column as text";
	if (!all_digits(s))
		return "is not digits only (ITU-T E.118)";
	if (n != 19 && n != 20)
		return "is not 19 or 20 digits (ITU-T E.118)";
	if (strncmp(s, "89", 2) != 0)
		return "does not start with 89 (ITU-T E.118)";
	/* Some issuers ship 20 digits without a valid check digit. */
	return n == 20 ? NULL : check_luhn(s, n, "ITU-T E.118", buf);
}

static const char *wrong_eid(const char *s)
{
	unsigned rest = 0;

	if (!all_digits(s) || strlen(s) != 32)
		return "is not 32 digits (SGP.02 2.2.2)";
	for (; *s; s++)
		rest = (rest * 10 + (unsigned)(*s - '0')) % 97;
	return rest == 1
		       ? NULL
		       : "check digits are wrong: it must be 1 modulo 97 (SGP.02 2.2.2)";
}

static const char *wrong_imsi(const char *s)
{
	size_t n = strlen(s);

	if (mangled(s))
		return "a spreadsheet made a floating-point number of it: format the column as text";
	return all_digits(s) && n >= 6 && n <= 15
		       ? NULL
		       : "is not 6 to 15 digits (3GPP TS 23.003 2.2)";
}

static const char *wrong_ueid(const char *s)
{
	size_t n = strlen(s);

	if (n % 2 || n < 14 || n > 66 || strspn(s, "0123456789abcdefABCDEF") != n)
		return "is not 7 to 33 bytes in hex (RFC 9711 4.2.1)";
	return NULL;
}

/* 100 octets with the length of the first label, as it is sent. */
enum { APN_MAX = 99 };

/* Labels of letters, digits and hyphens. Source: 3GPP TS 23.003 9.1. */
static const char *wrong_apn(const char *s)
{
	size_t n = strlen(s), label = 0;

	if (n < 1 || n > APN_MAX)
		return "is not 1 to 99 characters (3GPP TS 23.003 9.1)";
	for (; *s; s++) {
		bool alnum = (*s >= '0' && *s <= '9') || (*s >= 'a' && *s <= 'z') ||
			     (*s >= 'A' && *s <= 'Z');

		if (*s == '.' && label == 0)
			return "has an empty label (3GPP TS 23.003 9.1)";
		if (*s != '.' && !alnum &&
		    (*s != '-' || label == 0 || s[1] == '.' || !s[1]))
			return "is not labels of letters, digits and inner hyphens (3GPP TS 23.003 9.1)";
		label = *s == '.' ? 0 : label + 1;
		if (label > 63)
			return "has a label of more than 63 characters (3GPP TS 23.003 9.1)";
	}
	return label == 0 ? "ends in a dot (3GPP TS 23.003 9.1)" : NULL;
}

const char *imp_identifier_wrong(enum imp_identifier kind, const char *text,
				 char buf[128])
{
	switch (kind) {
	case IMP_ID_IMEI:
		return wrong_imei(text, buf);
	case IMP_ID_ICCID:
		return wrong_iccid(text, buf);
	case IMP_ID_EID:
		return wrong_eid(text);
	case IMP_ID_IMSI:
		return wrong_imsi(text);
	case IMP_ID_UEID:
		return wrong_ueid(text);
	default:
		return wrong_apn(text);
	}
}

void imp_ueid_of_imei(const char *imei, uint8_t ueid[15])
{
	ueid[0] = 3;
	for (size_t i = 0; i < 14; i++)
		ueid[i + 1] = (uint8_t)(imei[i] - '0');
}
