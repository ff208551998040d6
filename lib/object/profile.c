/* SPDX-License-Identifier: Apache-2.0 */
/* Profile: decode and encode. */
#include "object/profile.h"
#include "object/domains.h"
#include "object/fields.h"

/* Keys of the payload map. */
enum {
	VERSION = 1,
	DOMAIN = 2,
	SEQUENCE = 3,
	TARGET = 4,
	SETTINGS = 5,
	SALT = 6,
	REPLACES = 8,
	EPOCHS = 9,
	LABEL = 10,
};

struct imp_span imp_label_take(struct imp_cbor *c)
{
	struct imp_span s = imp_cbor_text(c);

	if (imp_cbor_ok(c) && (s.len < 1 || s.len > IMP_LABEL_MAX))
		imp_cbor_fail(c, "label is not 1..64 bytes");
	return s;
}

int imp_profile_decode(struct imp_span in, struct imp_profile *out, struct imp_error *err)
{
	struct imp_cbor_fault fault;
	struct imp_profile p = { 0 };
	struct imp_fields f;
	struct imp_cbor c;
	int rc;

	if (imp_cbor_open(&c, in, IMP_CBOR_STRICT, &fault))
		return imp_cbor_refuse(&fault, "profile", err);
	f = imp_fields(&c, false);
	imp_field_need(&f, VERSION);
	imp_cbor_expect_int(&c, 1);
	imp_field_need(&f, DOMAIN);
	p.domain = (uint32_t)imp_cbor_uint_max(&c, IMP_DOMAINS - 1);
	imp_field_need(&f, SEQUENCE);
	p.sequence = imp_cbor_uint_max(&c, INT64_MAX);
	imp_field_need(&f, TARGET);
	imp_target_take(&c, &p.target);
	imp_field_need(&f, SETTINGS);
	p.settings = imp_cbor_item(&c);
	imp_field_need(&f, SALT);
	p.salt = imp_cbor_bytes_len(&c, IMP_PROFILE_SALT, IMP_PROFILE_SALT);
	if (imp_field(&f, REPLACES))
		p.replaces = imp_cbor_bytes_len(&c, IMP_ID_LEN, IMP_ID_LEN);
	imp_field_need(&f, EPOCHS);
	imp_epochs_take(&c, p.epochs);
	if (imp_field(&f, LABEL))
		p.label = imp_label_take(&c);
	imp_fields_end(&f);
	if (imp_cbor_ok(&c) && p.sequence == 0)
		imp_cbor_fail(&c, "sequence is 0, expected 1 or more");
	if (imp_cbor_ok(&c) && p.target.ueid.len == 0)
		imp_cbor_fail(&c, "target does not name one device");
	rc = imp_cbor_finish(&c, "profile", err);
	if (!rc)
		rc = imp_settings_walk(p.settings, err);
	if (!rc)
		*out = p;
	return rc;
}

void imp_profile_encode(const struct imp_profile *p, struct imp_writer *w)
{
	imp_cbor_put_map(w, 6u + (p->salt.len > 0) + (p->replaces.len > 0) +
				    (p->label.len > 0));
	imp_cbor_put_int(w, VERSION);
	imp_cbor_put_int(w, 1);
	imp_cbor_put_int(w, DOMAIN);
	imp_cbor_put_uint(w, p->domain);
	imp_cbor_put_int(w, SEQUENCE);
	imp_cbor_put_uint(w, p->sequence);
	imp_cbor_put_int(w, TARGET);
	imp_target_put(w, &p->target);
	imp_cbor_put_int(w, SETTINGS);
	imp_put(w, p->settings);
	if (p->salt.len > 0) {
		imp_cbor_put_int(w, SALT);
		imp_cbor_put_bytes(w, p->salt);
	}
	if (p->replaces.len > 0) {
		imp_cbor_put_int(w, REPLACES);
		imp_cbor_put_bytes(w, p->replaces);
	}
	imp_cbor_put_int(w, EPOCHS);
	imp_epochs_put(w, p->epochs);
	if (p->label.len > 0) {
		imp_cbor_put_int(w, LABEL);
		imp_cbor_put_text(w, p->label);
	}
}
