/* SPDX-License-Identifier: Apache-2.0 */
/* Identifiers: check digits, and words for each thing that spreadsheets do to them. */
#include <criterion/criterion.h>
#include <string.h>

#include "model/identifier.h"

struct judged {
	enum imp_identifier kind;
	const char *text, *wrong; /* the whole clause; NULL: nothing */
};

static void judge(const struct judged *cases, size_t count)
{
	char buf[128];

	for (size_t i = 0; i < count; i++) {
		const struct judged *c = &cases[i];
		const char *wrong = imp_identifier_wrong(c->kind, c->text, buf);

		if (!c->wrong)
			cr_assert_null(wrong, "%s: %s", c->text, wrong);
		else
			cr_assert_str_eq(wrong ? wrong : "taken", c->wrong, "%s",
					 c->text);
	}
}

#define FORM_IMEI   "is not digits only (3GPP TS 23.003 6.2.1)"
#define FORM_IMEISV "is not digits only (3GPP TS 23.003 6.2.2)"
#define FORM_IMSI   "is not 6 to 15 digits (3GPP TS 23.003 2.2)"
#define FORM_EID    "is not 32 digits (SGP.02 2.2.2)"
#define FORM_PLMN   "is not an MCC of 3 digits and an MNC of 2 or 3 (3GPP TS 23.003 12.1)"

/* PRO-07 */
Test(identifier, numbers_are_judged)
{
	static const struct judged cases[] = {
		{ IMP_ID_IMEI, "490154203237518", NULL },
		{ IMP_ID_IMEI, "490154203237517",
		  "check digit is 7, should be 8 (3GPP TS 23.003 6.2.1)" },
		{ IMP_ID_IMEI, "49015420323751",
		  "has 14 digits, expected 15: leading zero "
		  "lost by a spreadsheet?" },
		{ IMP_ID_IMEI, "4901542032375101",
		  "has 16 digits, expected 15: an IMEISV? (3GPP TS 23.003 6.2.1)" },
		{ IMP_ID_IMEI, "4901542",
		  "has 7 digits, expected 15 (3GPP TS 23.003 6.2.1)" },
		{ IMP_ID_IMEI, "49015420323751x", FORM_IMEI },
		{ IMP_ID_IMEI, "", FORM_IMEI },
		{ IMP_ID_IMEISV, "4901542032375101", NULL },
		{ IMP_ID_IMEISV, "4901542032375100", NULL },
		{ IMP_ID_IMEISV, "490154203237518",
		  "has 15 digits, expected 16: an IMEI, or leading zero lost by a "
		  "spreadsheet?" },
		{ IMP_ID_IMEISV, "49015420323751",
		  "is not 16 digits (3GPP TS 23.003 6.2.2)" },
		{ IMP_ID_IMEISV, "", FORM_IMEISV },
		{ IMP_ID_ICCID, "8988211000000000011", NULL },
		{ IMP_ID_ICCID, "8988211000000000012",
		  "check digit is 2, should be 1 (ITU-T E.118)" },
		{ IMP_ID_ICCID, "898821100000000010", NULL },
		{ IMP_ID_ICCID, "898821100000000012",
		  "check digit is 2, should be 0 (ITU-T E.118)" },
		/* Without a valid check digit, as some issuers ship them. */
		{ IMP_ID_ICCID, "89882110000000000121", NULL },
		{ IMP_ID_ICCID, "89882110000000012",
		  "has 17 digits, expected 18 to 20 (ITU-T E.118)" },
		{ IMP_ID_ICCID, "898821100000000001212",
		  "has 21 digits, expected 18 to 20 (ITU-T E.118)" },
		{ IMP_ID_ICCID, "7988211000000000011",
		  "does not start with 89 (ITU-T E.118)" },
		{ IMP_ID_IMSI, "001010123456789", NULL },
		{ IMP_ID_IMSI, "001010", NULL },
		{ IMP_ID_IMSI, "00101", FORM_IMSI },
		{ IMP_ID_IMSI, "0010101234567890", FORM_IMSI },
		{ IMP_ID_EID, "89049032123451234512345678901235", NULL },
		{ IMP_ID_EID, "89049032123451234512345678901236",
		  "check digits are wrong: it must be 1 modulo 97 (SGP.02 2.2.2)" },
		{ IMP_ID_EID, "8904903212345123451234567890123", FORM_EID },
		{ IMP_ID_PLMN, "00101", NULL },
		{ IMP_ID_PLMN, "310410", NULL },
		{ IMP_ID_PLMN, "0010", FORM_PLMN },
		{ IMP_ID_PLMN, "3104100", FORM_PLMN },
		{ IMP_ID_PLMN, "001-01", "has spaces or dashes in it: leave them out" },
	};

	judge(cases, sizeof(cases) / sizeof(cases[0]));
}

/* PRO-09 */
Test(identifier, names_are_judged)
{
	static const struct judged cases[] = {
		{ IMP_ID_UEID, "0102030405060708", NULL },
		{ IMP_ID_UEID, "010203040506",
		  "is not 7 to 33 bytes in hex (RFC 9711 4.2.1)" },
		{ IMP_ID_APN, "iot.example", NULL },
		{ IMP_ID_APN, "under_score",
		  "is not labels of letters, digits and inner hyphens (3GPP TS 23.003 "
		  "9.1)" },
		{ IMP_ID_APN, "-a",
		  "is not labels of letters, digits and inner hyphens (3GPP TS 23.003 "
		  "9.1)" },
		{ IMP_ID_APN, "a..b", "has an empty label (3GPP TS 23.003 9.1)" },
		{ IMP_ID_APN, "dot.", "ends in a dot (3GPP TS 23.003 9.1)" },
		{ IMP_ID_APN, "", "is not 1 to 99 characters (3GPP TS 23.003 9.1)" },
	};

	judge(cases, sizeof(cases) / sizeof(cases[0]));
}

#define FLOATING \
	"a spreadsheet made a floating-point number of it: format the column as text"
#define DECIMAL \
	"ends in a decimal point and zeros: format the spreadsheet's column as text"
#define APOSTROPHE "starts with a spreadsheet's apostrophe: leave it out"
#define NO_BREAK   "has a no-break space in it: leave it out"
#define FULL_WIDTH "has full-width digits in it: write 0 to 9"
#define GROUPED	   "has spaces or dashes in it: leave them out"
#define ROUNDED                                                                      \
	"ends in zeros after 15 digits, and its check digit is wrong: rounded by a " \
	"spreadsheet?"

/* CSV-12: each has its own words, whichever number it is. */
Test(identifier, what_spreadsheets_do_has_its_own_words)
{
	static const struct judged cases[] = {
		{ IMP_ID_IMEI, "4.90154E+14", FLOATING },
		{ IMP_ID_ICCID, "8.98821E+18", FLOATING },
		{ IMP_ID_ICCID, "8,98821e18", FLOATING },
		{ IMP_ID_EID, "8.9049E+31", FLOATING },
		{ IMP_ID_IMSI, "2.6201E+14", FLOATING },
		{ IMP_ID_IMEISV, "4.90154E+15", FLOATING },
		{ IMP_ID_IMEI, "490154203237518.0", DECIMAL },
		{ IMP_ID_IMEI, "490154203237518,00", DECIMAL },
		{ IMP_ID_IMEI, "490154203237518.", DECIMAL },
		{ IMP_ID_IMEI, "490154203237518.5", FORM_IMEI },
		{ IMP_ID_IMEI, "'490154203237518", APOSTROPHE },
		{ IMP_ID_ICCID, "\u20198988211000000000011", APOSTROPHE },
		{ IMP_ID_IMEI, "490154203237518\u00a0", NO_BREAK },
		{ IMP_ID_IMEI, "49\u202f015420\u202f323751\u202f8", NO_BREAK },
		{ IMP_ID_EID, "8904\u20079032123451234512345678901235", NO_BREAK },
		{ IMP_ID_IMEI, "\uff14\uff1990154203237518", FULL_WIDTH },
		{ IMP_ID_IMSI, "00101012345678\uff10", FULL_WIDTH },
		/* U+FF21 is a letter. */
		{ IMP_ID_IMEI, "\uff2190154203237518", FORM_IMEI },
		{ IMP_ID_IMEI, "49-015420-323751-8", GROUPED },
		{ IMP_ID_IMEI, "49 015420 323751 8", GROUPED },
		{ IMP_ID_IMEI, " 490154203237518", GROUPED },
		{ IMP_ID_ICCID, "89882\u201311000000000011", GROUPED },
		{ IMP_ID_ICCID, "8988211000000000000", ROUNDED },
		{ IMP_ID_ICCID, "89882110000000200000", ROUNDED },
		{ IMP_ID_EID, "89049032123451200000000000000000", ROUNDED },
		/* These end in zeros and are right. */
		{ IMP_ID_ICCID, "8988211000000030000", NULL },
		{ IMP_ID_ICCID, "89882110000000100000", NULL },
		{ IMP_ID_EID, "89049032123400000000000000000000", NULL },
	};

	judge(cases, sizeof(cases) / sizeof(cases[0]));
}

Test(identifier, any_wrong_digit_of_an_imei_is_found)
{
	char imei[] = "490154203237518", buf[128];

	for (size_t i = 0; i < 15; i++)
		for (char d = '0'; d <= '9'; d++) {
			char was = imei[i];

			imei[i] = d;
			cr_assert_eq(!imp_identifier_wrong(IMP_ID_IMEI, imei, buf),
				     d == was, "%s", imei);
			imei[i] = was;
		}
}

Test(identifier, an_apn_fills_a_hundred_octets_and_no_more)
{
	char apn[128], buf[128];

	for (size_t i = 0; i < sizeof(apn); i++)
		apn[i] = i % 50 == 49 ? '.' : 'a';
	apn[100] = '\0';
	cr_assert_not_null(imp_identifier_wrong(IMP_ID_APN, apn, buf));
	apn[99] = '\0';
	cr_assert_null(imp_identifier_wrong(IMP_ID_APN, apn, buf));
}

Test(identifier, a_ueid_is_fourteen_digits_without_the_check_digit)
{
	static const uint8_t want[15] = { 3, 4, 9, 0, 1, 5, 4, 2, 0, 3, 2, 3, 7, 5, 1 };
	uint8_t ueid[15];

	imp_ueid_of_imei("490154203237518", ueid);
	cr_assert_arr_eq(ueid, want, 15);
}

Test(identifier, an_imei_comes_back_from_its_ueid_with_the_check_digit)
{
	uint8_t ueid[16] = { 0 };
	char imei[16];

	imp_ueid_of_imei("490154203237518", ueid);
	cr_assert(imp_imei_of_ueid((struct imp_span){ ueid, 15 }, imei));
	cr_assert_str_eq(imei, "490154203237518");
	cr_assert(!imp_imei_of_ueid((struct imp_span){ ueid, 14 }, imei));
	cr_assert(!imp_imei_of_ueid((struct imp_span){ ueid, 16 }, imei));
	ueid[14] = 10;
	cr_assert(!imp_imei_of_ueid((struct imp_span){ ueid, 15 }, imei));
	ueid[14] = 1;
	ueid[0] = 1;
	cr_assert(!imp_imei_of_ueid((struct imp_span){ ueid, 15 }, imei));
}
