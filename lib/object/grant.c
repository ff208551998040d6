/* SPDX-License-Identifier: Apache-2.0 */
/* Grant: decode and encode. */
#include "object/grant.h"
#include "object/cnf.h"
#include "object/domains.h"
#include "object/fields.h"

/* Claims. Source: IANA CWT Claims; imprint-formats(7). */
enum {
	EXP = 4,
	DOMAIN = -70001,
	OBJECTS = -70002,
	TARGETS = -70003,
	EPOCHS = -70004,
	SEQUENCES = -70005,
	DEPTH = -70006,
	APPROVAL = -70007,
};

enum { DOMAIN_MAX = 15 };

static void take_instances(struct imp_cbor *c)
{
	size_t n = imp_cbor_array(c);
	int32_t last = -1;

	while (imp_cbor_more(c, &n)) {
		int32_t next = (int32_t)imp_cbor_uint_max(c, UINT16_MAX);

		if (imp_cbor_ok(c) && next <= last)
			imp_cbor_fail(c, "instances are not in ascending order");
		last = next;
	}
}

/* From where the cursor stood up to where it is now. */
static struct imp_span since(const struct imp_cbor *c, size_t at)
{
	return (struct imp_span){ c->in.ptr + at, c->at - at };
}

static struct imp_span take_objects(struct imp_cbor *c)
{
	size_t at = c->at, n = imp_cbor_map(c);

	if (imp_cbor_ok(c) && n == 0)
		imp_cbor_fail(c, "a grant of no object");
	while (imp_cbor_more(c, &n)) {
		imp_cbor_uint_max(c, UINT16_MAX);
		take_instances(c);
	}
	return since(c, at);
}

static struct imp_span take_targets(struct imp_cbor *c)
{
	size_t at = c->at, n = imp_cbor_array(c);
	struct imp_target t;

	if (imp_cbor_ok(c) && n == 0)
		imp_cbor_fail(c, "a grant for no device");
	while (imp_cbor_more(c, &n))
		imp_target_take(c, &t);
	return since(c, at);
}

static void take_sequences(struct imp_cbor *c, uint64_t sequences[2])
{
	imp_cbor_expect_array(c, 2);
	sequences[0] = imp_cbor_uint_max(c, INT64_MAX);
	sequences[1] = imp_cbor_uint_max(c, INT64_MAX);
	if (imp_cbor_ok(c) && (sequences[0] == 0 || sequences[0] > sequences[1]))
		imp_cbor_fail(c, "sequences are not 1 <= lowest <= highest");
}

static void take_scope(struct imp_cbor *c, struct imp_fields *f, struct imp_grant *g)
{
	imp_field_need(f, DOMAIN);
	g->domain = (uint32_t)imp_cbor_uint_max(c, DOMAIN_MAX);
	if (imp_cbor_ok(c) && g->domain == 0)
		imp_cbor_fail(c, "domain 0 is the owner's alone");
	imp_field_need(f, OBJECTS);
	g->objects = take_objects(c);
	imp_field_need(f, TARGETS);
	g->targets = take_targets(c);
	imp_field_need(f, EPOCHS);
	imp_epochs_take(c, g->epochs);
	imp_field_need(f, SEQUENCES);
	take_sequences(c, g->sequences);
	imp_field_need(f, DEPTH);
	g->depth = (uint32_t)imp_cbor_uint_max(c, IMP_GRANT_LINKS - 1);
}

int imp_grant_decode(struct imp_span in, struct imp_grant *out, struct imp_error *err)
{
	struct imp_grant g = { 0 };
	struct imp_cbor_fault fault;
	struct imp_fields f;
	struct imp_cbor c;
	int rc;

	if (imp_cbor_open(&c, in, IMP_CBOR_STRICT, &fault))
		return imp_cbor_refuse(&fault, "grant", err);
	f = imp_fields(&c, false);
	g.has_exp = imp_field(&f, EXP);
	if (g.has_exp)
		g.exp = imp_cbor_uint_max(&c, INT64_MAX);
	imp_field_need(&f, IMP_CNF);
	imp_cnf_take(&c, &g.holder);
	take_scope(&c, &f, &g);
	if (imp_field(&f, APPROVAL))
		imp_approval_take(&c, &g.approval);
	imp_fields_end(&f);
	rc = imp_cbor_finish(&c, "grant", err);
	if (!rc)
		*out = g;
	return rc;
}

void imp_grant_encode(const struct imp_grant *g, struct imp_writer *w)
{
	bool approved = g->approval.threshold > 0;

	imp_cbor_put_map(w, 7u + g->has_exp + approved);
	if (g->has_exp) {
		imp_cbor_put_int(w, EXP);
		imp_cbor_put_uint(w, g->exp);
	}
	imp_cnf_put(w, &g->holder);
	imp_cbor_put_int(w, DOMAIN);
	imp_cbor_put_uint(w, g->domain);
	imp_cbor_put_int(w, OBJECTS);
	imp_put(w, g->objects);
	imp_cbor_put_int(w, TARGETS);
	imp_put(w, g->targets);
	imp_cbor_put_int(w, EPOCHS);
	imp_epochs_put(w, g->epochs);
	imp_cbor_put_int(w, SEQUENCES);
	imp_cbor_put_array(w, 2);
	imp_cbor_put_uint(w, g->sequences[0]);
	imp_cbor_put_uint(w, g->sequences[1]);
	imp_cbor_put_int(w, DEPTH);
	imp_cbor_put_uint(w, g->depth);
	if (approved) {
		imp_cbor_put_int(w, APPROVAL);
		imp_approval_put(w, &g->approval);
	}
}

void imp_granted_begin(struct imp_granted_walk *walk, struct imp_span objects)
{
	*walk = (struct imp_granted_walk){ .c = { .in = objects } };
	walk->objects = imp_cbor_map(&walk->c);
}

bool imp_granted_next(struct imp_granted_walk *walk)
{
	if (walk->instances == 0) {
		if (!imp_cbor_more(&walk->c, &walk->objects))
			return false;
		walk->object = (uint16_t)imp_cbor_uint(&walk->c);
		walk->instances = imp_cbor_array(&walk->c);
		walk->all = walk->instances == 0;
	}
	if (!walk->all) {
		imp_cbor_more(&walk->c, &walk->instances);
		walk->instance = (uint16_t)imp_cbor_uint(&walk->c);
	}
	return imp_cbor_ok(&walk->c);
}
