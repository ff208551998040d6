/* SPDX-License-Identifier: Apache-2.0 */
/* A target as it is typed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/known.h"
#include "model/identifier.h"
#include "note.h"
#include "target.h"

enum { IMEI_UEID_DIGITS = 30 };

static int wrong(const char *text, const char *what, struct imp_error *err)
{
	return imp_fail(err, IMP_EUSAGE, "--target %s: %s", text, what);
}

static int take_imei(const char *text, const char *imei, uint8_t ueid[33],
		     struct imp_target *out, struct imp_error *err)
{
	char buf[128];
	const char *why = imp_identifier_wrong(IMP_ID_IMEI, imei, buf);

	if (why)
		return wrong(text, why, err);
	imp_ueid_of_imei(imei, ueid);
	out->ueid = (struct imp_span){ ueid, 15 };
	return 0;
}

static int take_ueid(const char *text, const char *hex, uint8_t ueid[33],
		     struct imp_target *out, struct imp_error *err)
{
	char buf[128];
	const char *why = imp_identifier_wrong(IMP_ID_UEID, hex, buf);
	size_t n = strlen(hex) / 2;

	if (why)
		return wrong(text, why, err);
	for (size_t i = 0; i < n; i++) {
		const char pair[] = { hex[2 * i], hex[2 * i + 1], '\0' };

		ueid[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	out->ueid = (struct imp_span){ ueid, n };
	return 0;
}

/* PEN/MODEL, or MODEL. */
static int take_class(const char *text, struct imp_target *out, struct imp_error *err)
{
	const char *slash = strchr(text, '/'), *model = slash ? slash + 1 : text;
	size_t digits = strspn(text, "0123456789");
	unsigned long long pen = strtoull(text, NULL, 10);

	if ((slash && (digits == 0 || text + digits != slash || digits > 10 ||
		       pen > UINT32_MAX)) ||
	    strlen(model) < 1 || strlen(model) > IMP_HWMODEL_MAX)
		return wrong(text, "expected an imei, a ueid in hex, or PEN/MODEL", err);
	out->hwmodel = imp_span_str(model);
	out->has_oemid = slash != NULL;
	out->oemid = slash ? (uint32_t)pen : 0;
	return 0;
}

/* 03, and each of the 14 digits as a byte. */
static bool is_ueid_of_imei(const char *digits)
{
	bool is = strlen(digits) == IMEI_UEID_DIGITS && strncmp(digits, "03", 2) == 0;

	for (size_t i = 2; is && i < IMEI_UEID_DIGITS; i += 2)
		is = digits[i] == '0';
	return is;
}

int target_parse(const char *text, uint8_t ueid[33], struct imp_target *out,
		 struct imp_error *err)
{
	size_t len = strlen(text);
	bool number = len > 0 && strspn(text, "0123456789") == len;
	bool hex = strspn(text, "0123456789abcdefABCDEF") == len &&
		   len >= (size_t)2 * IMP_UEID_MIN;

	*out = (struct imp_target){ 0 };
	if (strncmp(text, "imei ", 5) == 0)
		return take_imei(text, text + 5, ueid, out, err);
	if (strncmp(text, "ueid ", 5) == 0)
		return take_ueid(text, text + 5, ueid, out, err);
	if (number && !is_ueid_of_imei(text))
		return take_imei(text, text, ueid, out, err);
	return hex ? take_ueid(text, text, ueid, out, err) : take_class(text, out, err);
}

void target_note(const char *verb, const struct imp_target *target)
{
	char name[80];

	if (target->ueid.len > 0)
		imp_device_name(target->ueid, name);
	else if (target->has_oemid)
		snprintf(name, sizeof(name), "class %u/%.*s", target->oemid,
			 (int)target->hwmodel.len, (const char *)target->hwmodel.ptr);
	else
		snprintf(name, sizeof(name), "class %.*s", (int)target->hwmodel.len,
			 (const char *)target->hwmodel.ptr);
	say_note("%s for %s", verb, name);
}
