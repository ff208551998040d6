/* SPDX-License-Identifier: Apache-2.0 */
/* A CSV of all that is in the credentials, a line a value. */
#include <inttypes.h>

#include "encode.h"
#include "export.h"
#include "object/profile.h"

static void put_value(FILE *f, const struct imp_setting *s)
{
	struct imp_cbor c = { .in = s->item };
	char number[24];

	switch (s->type) {
	case IMP_T_INT:
		snprintf(number, sizeof(number), "%" PRId64, imp_cbor_int(&c));
		fputs("int,", f);
		encode_safe_cell(f, imp_span_str(number));
		break;
	case IMP_T_TEXT:
		fputs("text,", f);
		encode_safe_cell(f, imp_cbor_text(&c));
		break;
	case IMP_T_BYTES:
		fputs("hex,", f);
		encode_hex(f, imp_cbor_bytes(&c));
		break;
	case IMP_T_BOOL:
		fprintf(f, "bool,%s", imp_cbor_bool(&c) ? "true" : "false");
		break;
	default:
		fputs("device-key,", f);
		break;
	}
}

static int csv(struct exported *e, struct imp_error *err)
{
	struct imp_settings_walk walk;

	(void)err;
	imp_settings_begin(&walk, e->c->secrets);
	while (imp_settings_next(&walk)) {
		const struct imp_setting *s = &walk.at;

		encode_hex(e->f, e->c->ueid);
		fputc(',', e->f);
		if (e->accounts.has_imei)
			fputs(e->accounts.identity, e->f);
		fputc(',', e->f);
		encode_safe_cell(e->f, imp_span_str(e->accounts.endpoint));
		fprintf(e->f, ",%u,%" PRIu64 ",", e->c->domain, e->c->sequence);
		encode_hex(e->f, e->c->profile);
		fprintf(e->f, ",%u,%u,%u,", s->object, s->instance, s->resource);
		if (s->multiple)
			fprintf(e->f, "%u", s->resource_instance);
		fputc(',', e->f);
		put_value(e->f, s);
		fputc('\n', e->f);
	}
	return 0;
}

const struct export_format export_csv = {
	.name = "csv",
	.server = "everybody",
	.head = "ueid,imei,endpoint,domain,sequence,profile,object,instance,resource,"
		"resource_instance,type,value\n",
	.scope = EXPORT_ANY,
	.each = csv,
};
