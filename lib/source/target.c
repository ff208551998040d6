/* SPDX-License-Identifier: Apache-2.0 */
/* The target: which device the profile of a row is for. */
#include <string.h>

#include "base/digits.h"
#include "model/identifier.h"
#include "source/build.h"

static void wrong(struct imp_profile_source *s, const struct imp_yaml *n,
		  const char *what, const char *text, const char *why)
{
	s->diags.row = has_variables(n) ? s->row : 0;
	imp_diag(&s->diags, n->mark, "target: %s %.80s: %s", what, text, why);
	s->diags.row = 0;
}

static void read_device(struct imp_profile_source *s, const struct imp_yaml *n,
			enum imp_identifier kind)
{
	struct expanded what = { 0 };
	const char *text = expand_open(s, n, &what), *why;
	struct imp_writer w = imp_writer(s->ueid, sizeof(s->ueid));
	char buf[128];

	if (!text)
		return;
	why = imp_identifier_wrong(kind, text, buf);
	if (why) {
		wrong(s, n, imp_identifier_name(kind), text, why);
		return;
	}
	if (kind == IMP_ID_IMEI) {
		imp_ueid_of_imei(text, s->ueid);
		s->ueid_len = 15;
	} else if (imp_from_hex(imp_span_str(text), &w)) {
		s->ueid_len = w.len;
	}
}

/* PEN/MODEL, or a bare MODEL. */
static void read_class(struct imp_profile_source *s, const struct imp_yaml *n,
		       struct imp_target *out)
{
	struct expanded what = { 0 };
	const char *text = expand_open(s, n, &what);
	const char *slash = text ? strchr(text, '/') : NULL;
	char pen[16] = "";
	uint64_t oemid = 0;

	if (!text)
		return;
	if (slash && slash - text < (ptrdiff_t)sizeof(pen))
		memcpy(pen, text, (size_t)(slash - text));
	if (slash && !parse_uint(pen, UINT32_MAX, &oemid))
		wrong(s, n, "class", text, "expected PEN/MODEL or MODEL");
	out->has_oemid = slash;
	out->oemid = (uint32_t)oemid;
	out->hwmodel = imp_span_str(slash ? slash + 1 : text);
	if (out->hwmodel.len < 1 || out->hwmodel.len > IMP_HWMODEL_MAX)
		wrong(s, n, "class", text, "a model has 1 to 32 bytes");
}

void target_read(struct imp_profile_source *s, struct imp_target *out)
{
	static const char *const keys[] = { "imei", "ueid", "class" };
	const struct imp_yaml *imei = imp_yaml_get(s->target, "imei");
	const struct imp_yaml *ueid = imp_yaml_get(s->target, "ueid");
	const struct imp_yaml *class = imp_yaml_get(s->target, "class");

	for (const struct imp_yaml *n = s->target->child; n; n = n->next)
		if (n != imei && n != ueid && n != class) {
			s->diags.near = imp_nearest(n->key, keys, COUNTOF(keys));
			imp_diag(&s->diags, n->key_mark, "target: unknown key '%s'",
				 n->key);
		}
	s->ueid_len = 0;
	if (!imei == !ueid)
		imp_diag(&s->diags, s->target->mark,
			 "target: expected one of imei and ueid");
	else if (imei)
		read_device(s, imei, IMP_ID_IMEI);
	else
		read_device(s, ueid, IMP_ID_UEID);
	out->ueid = (struct imp_span){ s->ueid, s->ueid_len };
	if (class)
		read_class(s, class, out);
}
