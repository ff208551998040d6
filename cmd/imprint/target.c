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

/* A target that was typed, where. */
struct typed {
	const char *option, *text;
};

static int wrong(const struct typed *t, const char *what, struct imp_error *err)
{
	return imp_fail(err, IMP_EUSAGE, "%s %s: %s", t->option, t->text, what);
}

static int take_imei(const struct typed *t, const char *imei, uint8_t ueid[33],
		     struct imp_target *out, struct imp_error *err)
{
	char buf[128];
	const char *why = imp_identifier_wrong(IMP_ID_IMEI, imei, buf);

	if (why)
		return wrong(t, why, err);
	imp_ueid_of_imei(imei, ueid);
	out->ueid = (struct imp_span){ ueid, 15 };
	return 0;
}

static int take_ueid(const struct typed *t, const char *hex, uint8_t ueid[33],
		     struct imp_target *out, struct imp_error *err)
{
	char buf[128];
	const char *why = imp_identifier_wrong(IMP_ID_UEID, hex, buf);
	size_t n = strlen(hex) / 2;

	if (why)
		return wrong(t, why, err);
	for (size_t i = 0; i < n; i++) {
		const char pair[] = { hex[2 * i], hex[2 * i + 1], '\0' };

		ueid[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	out->ueid = (struct imp_span){ ueid, n };
	return 0;
}

/* PEN/MODEL, or MODEL. */
static int take_class(const struct typed *t, struct imp_target *out,
		      struct imp_error *err)
{
	const char *text = t->text, *slash = strchr(text, '/');
	const char *model = slash ? slash + 1 : text;
	size_t digits = strspn(text, "0123456789");
	unsigned long long pen = strtoull(text, NULL, 10);

	if ((slash && (digits == 0 || text + digits != slash || digits > 10 ||
		       pen > UINT32_MAX)) ||
	    strlen(model) < 1 || strlen(model) > IMP_HWMODEL_MAX)
		return wrong(t, "expected an imei, a ueid in hex, or PEN/MODEL", err);
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

static int parse(const struct typed *t, uint8_t ueid[33], struct imp_target *out,
		 struct imp_error *err)
{
	const char *text = t->text;
	size_t len = strlen(text);
	bool number = len > 0 && strspn(text, "0123456789") == len;
	bool hex = strspn(text, "0123456789abcdefABCDEF") == len &&
		   len >= (size_t)2 * IMP_UEID_MIN;

	*out = (struct imp_target){ 0 };
	if (strncmp(text, "imei ", 5) == 0)
		return take_imei(t, text + 5, ueid, out, err);
	if (strncmp(text, "ueid ", 5) == 0)
		return take_ueid(t, text + 5, ueid, out, err);
	if (number && !is_ueid_of_imei(text))
		return take_imei(t, text, ueid, out, err);
	return hex ? take_ueid(t, text, ueid, out, err) : take_class(t, out, err);
}

int target_parse(const char *text, uint8_t ueid[33], struct imp_target *out,
		 struct imp_error *err)
{
	return parse(&(struct typed){ "--target", text }, ueid, out, err);
}

int device_parse(const char *option, const char *text, uint8_t ueid[33],
		 struct imp_span *out, struct imp_error *err)
{
	const struct typed t = { option, text };
	struct imp_target target;
	int rc = parse(&t, ueid, &target, err);

	if (!rc && target.ueid.len == 0)
		rc = wrong(&t, "expected an imei, or a ueid in hex", err);
	if (!rc)
		*out = target.ueid;
	return rc;
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
