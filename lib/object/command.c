/* SPDX-License-Identifier: Apache-2.0 */
/* Command: decode and encode. */
#include "object/command.h"
#include "object/domains.h"
#include "object/fields.h"
#include "object/transfer.h"

/* Keys of the payload map. */
enum { VERSION = 1, OP = 2, SEQUENCE = 3, TARGET = 4, EPOCHS = 9, ARGUMENT = 12 };

struct row {
	const char *name;
	bool sequenced; /* and for one device */
	bool argument;
};

static const struct row rows[] = {
	[IMP_OP_LOCK] = { "lock", false, false },
	[IMP_OP_FLOOR] = { "floor", false, true },
	[IMP_OP_WIPE] = { "wipe", true, true },
	[IMP_OP_POLICY] = { "policy", true, true },
	[IMP_OP_DECOMMISSION] = { "decommission", true, false },
};

const char *imp_op_name(unsigned op)
{
	return op < COUNTOF(rows) ? rows[op].name : NULL;
}

static void take_argument(struct imp_cbor *c, struct imp_command *m)
{
	if (m->op == IMP_OP_FLOOR)
		m->domains = imp_domain_map_take(c, m->floor);
	else if (m->op == IMP_OP_WIPE)
		m->domains = imp_domains_take(c);
	else
		m->policy = (uint32_t)imp_cbor_uint_max(c, IMP_POLICY_ALL);
	if (imp_cbor_ok(c) && m->op == IMP_OP_WIPE && m->domains == 0)
		imp_cbor_fail(c, "a wipe of no domain");
}

static void take_epochs(struct imp_cbor *c, struct imp_command *m)
{
	imp_cbor_expect_array(c, 2);
	m->owner_epoch = (uint32_t)imp_cbor_uint_max(c, UINT32_MAX);
	imp_cbor_expect_int(c, 0);
}

int imp_command_decode(struct imp_span in, struct imp_command *out, struct imp_error *err)
{
	struct imp_command m = { 0 };
	struct imp_cbor_fault fault;
	struct imp_fields f;
	struct imp_cbor c;
	int rc;

	if (imp_cbor_open(&c, in, IMP_CBOR_STRICT, &fault))
		return imp_cbor_refuse(&fault, "command", err);
	f = imp_fields(&c, false);
	imp_field_need(&f, VERSION);
	imp_cbor_expect_int(&c, 1);
	imp_field_need(&f, OP);
	m.op = (enum imp_op)imp_cbor_uint_max(&c, COUNTOF(rows) - 1);
	if (imp_cbor_ok(&c) && !rows[m.op].name)
		imp_cbor_fail(&c, "no such command");
	if (rows[m.op].sequenced) {
		imp_field_need(&f, SEQUENCE);
		m.sequence = imp_cbor_uint_max(&c, INT64_MAX);
	}
	imp_field_need(&f, TARGET);
	imp_target_take(&c, &m.target);
	imp_field_need(&f, EPOCHS);
	take_epochs(&c, &m);
	if (rows[m.op].argument) {
		imp_field_need(&f, ARGUMENT);
		take_argument(&c, &m);
	}
	imp_fields_end(&f);
	if (imp_cbor_ok(&c) && rows[m.op].sequenced &&
	    (m.sequence == 0 || m.target.ueid.len == 0))
		imp_cbor_fail(&c, "this command needs a sequence and one device");
	rc = imp_cbor_finish(&c, "command", err);
	if (!rc)
		*out = m;
	return rc;
}

void imp_command_encode(const struct imp_command *m, struct imp_writer *w)
{
	imp_cbor_put_map(w, 4u + rows[m->op].sequenced + rows[m->op].argument);
	imp_cbor_put_int(w, VERSION);
	imp_cbor_put_int(w, 1);
	imp_cbor_put_int(w, OP);
	imp_cbor_put_uint(w, m->op);
	if (rows[m->op].sequenced) {
		imp_cbor_put_int(w, SEQUENCE);
		imp_cbor_put_uint(w, m->sequence);
	}
	imp_cbor_put_int(w, TARGET);
	imp_target_put(w, &m->target);
	imp_cbor_put_int(w, EPOCHS);
	imp_cbor_put_array(w, 2);
	imp_cbor_put_uint(w, m->owner_epoch);
	imp_cbor_put_uint(w, 0);
	if (!rows[m->op].argument)
		return;
	imp_cbor_put_int(w, ARGUMENT);
	if (m->op == IMP_OP_FLOOR)
		imp_domain_map_put(w, m->domains, m->floor);
	else if (m->op == IMP_OP_WIPE)
		imp_domains_put(w, m->domains);
	else
		imp_cbor_put_uint(w, m->policy);
}
