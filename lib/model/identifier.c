/* SPDX-License-Identifier: Apache-2.0 */
/* Identifiers and their check digits. */
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/text.h"
#include "model/identifier.h"

static const char *const names[IMP_ID_KINDS] = { "imei", "imeisv", "iccid", "eid",
						 "imsi", "ueid",   "apn",   "plmn" };

const char *imp_identifier_name(enum imp_identifier kind)
{
	return names[kind];
}

/* How many digits it starts with. */
static size_t digits(const char *s)
{
	return strspn(s, "0123456789");
}

static bool all_digits(const char *s)
{
	return *s && s[digits(s)] == '\0';
}

static bool has_one(const char *s, const char *const *list)
{
	for (; *list; list++)
		if (strstr(s, *list))
			return true;
	return false;
}

/* '490154203237518 */
static bool is_quoted(const char *s)
{
	return *s == '\'' || strncmp(s, "\u2019", 3) == 0;
}

/* 8.98821E+18 */
static bool is_scientific(const char *s)
{
	return digits(s) > 0 && strpbrk(s, "Ee") &&
	       strspn(s, "0123456789.,Ee+-") == strlen(s);
}

/* 490154203237518.0 */
static bool is_decimal(const char *s)
{
	const char *point = s + digits(s);

	return point > s && (*point == '.' || *point == ',') &&
	       strspn(point + 1, "0") == strlen(point + 1);
}

/* No-break space, figure space, narrow no-break space. */
static bool has_no_break(const char *s)
{
	return has_one(s, (const char *const[]){ "\u00a0", "\u2007", "\u202f", NULL });
}

/* U+FF10 to U+FF19. */
static bool is_full_width(const char *s)
{
	for (; (s = strstr(s, "\xef\xbc")) != NULL; s += 2)
		if ((uint8_t)s[2] >= 0x90 && (uint8_t)s[2] <= 0x99)
			return true;
	return false;
}

/* 49-015420-323751-8; hyphens of typesetters, too */
static bool is_grouped(const char *s)
{
	return strpbrk(s, " -") ||
	       has_one(s, (const char *const[]){ "\u2010", "\u2011", "\u2013", NULL });
}

/* ="490154203237518" */
static bool is_formula(const char *s)
{
	return *s == '=';
}

/* As the card stores it: an odd number of digits is filled up. */
static bool has_filler(const char *s)
{
	size_t n = digits(s);

	return n > 0 && (s[n] == 'F' || s[n] == 'f') && !s[n + 1];
}

/* What spreadsheets, and people who type, make of digits. The first that fits is said. */
static const struct {
	bool (*is)(const char *s);
	const char *says;
} habits[] = {
	{ is_quoted, "starts with a spreadsheet's apostrophe: leave it out" },
	{ is_scientific,
	  "a spreadsheet made a floating-point number of it: format the column as text" },
	{ is_decimal,
	  "ends in a decimal point and zeros: format the spreadsheet's column as text" },
	{ has_no_break, "has a no-break space in it: leave it out" },
	{ is_full_width, "has full-width digits in it: write 0 to 9" },
	{ is_grouped, "has spaces or dashes in it: leave them out" },
	{ is_formula, "is a spreadsheet's formula: leave out the = and its quotes" },
	{ has_filler, "ends in a filler F, as a card stores it: leave it out" },
};

/* NULL: digits only. */
static const char *not_digits(const char *s, const char *otherwise)
{
	if (all_digits(s))
		return NULL;
	for (size_t i = 0; i < COUNTOF(habits); i++)
		if (habits[i].is(s))
			return habits[i].says;
	return otherwise;
}

/* A spreadsheet keeps 15 digits of a number and puts zeros in the place of the rest.
 * Asked only where the check digits are wrong. */
static bool is_rounded(const char *s)
{
	enum { KEPT = 15 };
	size_t n = strlen(s);

	return n > KEPT + 1 && strspn(s + KEPT, "0") == n - KEPT;
}

static const char rounded[] =
	"ends in zeros after 15 digits, and its check digit is wrong: rounded by a spreadsheet?";

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

/* Zeros in front change no check digit. */
static bool lost_zeros(const char *s, size_t n)
{
	enum { LEAST = 8 };
	char buf[128];

	return n >= LEAST && n < 15 && !check_luhn(s, n, "", buf);
}

static const char *wrong_imei(const char *s, char buf[128])
{
	const char *wrong = not_digits(s, "is not digits only (3GPP TS 23.003 6.2.1)");
	size_t n = strlen(s);

	if (wrong)
		return wrong;
	if (n == 14)
		return "has 14 digits, expected 15: leading zero lost by a spreadsheet?";
	if (n == 16)
		return "has 16 digits, expected 15: an IMEISV? (3GPP TS 23.003 6.2.1)";
	if (n == 15)
		return check_luhn(s, 15, "3GPP TS 23.003 6.2.1", buf);
	snprintf(buf, 128, "has %zu digit%s, expected 15%s (3GPP TS 23.003 6.2.1)", n,
		 imp_plural(n),
		 lost_zeros(s, n) ? ": leading zeros lost by a spreadsheet?" : "");
	return buf;
}

/* It has no check digit. */
static const char *wrong_imeisv(const char *s)
{
	const char *wrong = not_digits(s, "is not digits only (3GPP TS 23.003 6.2.2)");

	if (wrong)
		return wrong;
	if (strlen(s) == 15)
		return "has 15 digits, expected 16: an IMEI, or leading zero lost by a spreadsheet?";
	return strlen(s) == 16 ? NULL : "is not 16 digits (3GPP TS 23.003 6.2.2)";
}

static const char *wrong_iccid(const char *s, char buf[128])
{
	const char *wrong = not_digits(s, "is not digits only (ITU-T E.118)");
	size_t n = strlen(s);

	if (wrong)
		return wrong;
	if (n < 18 || n > 20) {
		snprintf(buf, 128, "has %zu digit%s, expected 18 to 20 (ITU-T E.118)", n,
			 imp_plural(n));
		return buf;
	}
	if (strncmp(s, "89", 2) != 0)
		return "does not start with 89 (ITU-T E.118)";
	wrong = check_luhn(s, n, "ITU-T E.118", buf);
	if (wrong && is_rounded(s))
		return rounded;
	/* Some issuers ship 20 digits without a valid check digit. */
	return n == 20 ? NULL : wrong;
}

static const char *wrong_eid(const char *s)
{
	const char *wrong = not_digits(s, "is not 32 digits (SGP.02 2.2.2)");
	unsigned rest = 0;

	if (wrong)
		return wrong;
	if (strlen(s) != 32)
		return "is not 32 digits (SGP.02 2.2.2)";
	for (const char *p = s; *p; p++)
		rest = (rest * 10 + (unsigned)(*p - '0')) % 97;
	if (rest == 1)
		return NULL;
	return is_rounded(s)
		       ? rounded
		       : "check digits are wrong: it must be 1 modulo 97 (SGP.02 2.2.2)";
}

/* MCC of 3 digits, MNC of 2 or 3, and at least one of the subscriber's. */
static const char *wrong_imsi(const char *s)
{
	const char *wrong = not_digits(s, "is not 6 to 15 digits (3GPP TS 23.003 2.2)");

	if (wrong)
		return wrong;
	return strlen(s) >= 6 && strlen(s) <= 15
		       ? NULL
		       : "is not 6 to 15 digits (3GPP TS 23.003 2.2)";
}

static const char *wrong_plmn(const char *s)
{
	static const char form[] =
		"is not an MCC of 3 digits and an MNC of 2 or 3 (3GPP TS 23.003 12.1)";
	const char *wrong = not_digits(s, form);

	if (wrong)
		return wrong;
	return strlen(s) == 5 || strlen(s) == 6 ? NULL : form;
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
	case IMP_ID_IMEISV:
		return wrong_imeisv(text);
	case IMP_ID_ICCID:
		return wrong_iccid(text, buf);
	case IMP_ID_EID:
		return wrong_eid(text);
	case IMP_ID_IMSI:
		return wrong_imsi(text);
	case IMP_ID_UEID:
		return wrong_ueid(text);
	case IMP_ID_PLMN:
		return wrong_plmn(text);
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

bool imp_imei_of_ueid(struct imp_span ueid, char imei[16])
{
	if (ueid.len != 15 || ueid.ptr[0] != 3)
		return false;
	for (size_t i = 0; i < 14; i++) {
		if (ueid.ptr[i + 1] > 9)
			return false;
		imei[i] = (char)('0' + ueid.ptr[i + 1]);
	}
	imei[14] = (char)('0' + luhn_digit(imei, 14));
	imei[15] = '\0';
	return true;
}
