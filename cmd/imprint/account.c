/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts, taken out of credentials. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "account.h"
#include "base/digits.h"
#include "evidence/known.h"
#include "model/identifier.h"
#include "object/profile.h"

enum { SECURITY = 0, OSCORE = 21 };

/* Where a resource goes. */
static const struct field {
	uint16_t object, resource;
	enum imp_cbor_type type;
	const char *name;
	size_t at;
	bool own; /* may be null: the key that the device holds */
} fields[] = {
	{ SECURITY, 0, IMP_T_TEXT, "uri", offsetof(struct account, uri) },
	{ SECURITY, 1, IMP_T_BOOL, "bootstrap", offsetof(struct account, bootstrap) },
	{ SECURITY, 2, IMP_T_INT, "mode", offsetof(struct account, mode) },
	{ SECURITY, 3, IMP_T_BYTES, "identity", offsetof(struct account, identity),
	  true },
	{ SECURITY, 5, IMP_T_BYTES, "secret", offsetof(struct account, secret), true },
	{ SECURITY, 8, IMP_T_BYTES, "sms-secret", offsetof(struct account, sms_secret) },
	{ SECURITY, 10, IMP_T_INT, "short-id", offsetof(struct account, short_id) },
	{ SECURITY, 17, IMP_T_TEXT, "oscore", offsetof(struct account, link) },
	{ OSCORE, 0, IMP_T_BYTES, "secret", offsetof(struct oscore, secret), true },
	{ OSCORE, 1, IMP_T_BYTES, "sender", offsetof(struct oscore, sender) },
	{ OSCORE, 2, IMP_T_BYTES, "recipient", offsetof(struct oscore, recipient) },
	{ OSCORE, 3, IMP_T_INT, "aead", offsetof(struct oscore, aead) },
	{ OSCORE, 4, IMP_T_INT, "hmac", offsetof(struct oscore, hmac) },
	{ OSCORE, 5, IMP_T_BYTES, "salt", offsetof(struct oscore, salt) },
	{ OSCORE, 6, IMP_T_BYTES, "context", offsetof(struct oscore, context) },
};

static const struct field *field_of(uint16_t object, uint16_t resource)
{
	for (size_t i = 0; i < COUNTOF(fields); i++)
		if (fields[i].object == object && fields[i].resource == resource)
			return &fields[i];
	return NULL;
}

static const char *object_name(uint16_t object)
{
	return object == SECURITY ? "security" : "oscore";
}

/* Settings come in order, so an instance is the last one or a new one. */
static void *instance_of(struct accounts *all, const struct imp_setting *s)
{
	bool security = s->object == SECURITY;
	size_t *count = security ? &all->count : &all->oscores;

	if (security && *count > 0 && all->at[*count - 1].instance == s->instance)
		return &all->at[*count - 1];
	if (!security && *count > 0 && all->oscore[*count - 1].instance == s->instance)
		return &all->oscore[*count - 1];
	if (*count == ACCOUNTS_MAX)
		return NULL;
	++*count;
	if (security) {
		all->at[*count - 1] = (struct account){ .instance = s->instance };
		return &all->at[*count - 1];
	}
	all->oscore[*count - 1] = (struct oscore){ .instance = s->instance };
	return &all->oscore[*count - 1];
}

static void set(struct account_value *v, const struct imp_setting *s)
{
	struct imp_cbor c = { .in = s->item };

	*v = (struct account_value){ .there = true, .own = s->type == IMP_T_NULL };
	if (s->type == IMP_T_INT)
		v->number = imp_cbor_int(&c);
	else if (s->type == IMP_T_BOOL)
		v->number = imp_cbor_bool(&c);
	else if (s->type == IMP_T_TEXT)
		v->bytes = imp_cbor_text(&c);
	else if (s->type == IMP_T_BYTES)
		v->bytes = imp_cbor_bytes(&c);
}

static int take(struct accounts *all, const struct imp_setting *s, struct imp_error *err)
{
	const struct field *f = field_of(s->object, s->resource);
	char *instance;

	if (!f)
		return imp_fail(err, IMP_EPOLICY,
				"%s: %s/%u resource %u: is not one that a server takes",
				all->device, object_name(s->object), s->instance,
				s->resource);
	if (s->multiple || (s->type != f->type && !(f->own && s->type == IMP_T_NULL)))
		return imp_fail(err, IMP_EFORMAT,
				"%s: %s/%u %s: is of another type than in the object "
				"(OMA LwM2M object %u)",
				all->device, object_name(s->object), s->instance, f->name,
				s->object);
	instance = instance_of(all, s);
	if (!instance)
		return imp_fail(err, IMP_EPOLICY, "%s: more than %d instances of %s",
				all->device, ACCOUNTS_MAX, object_name(s->object));
	set((struct account_value *)(void *)(instance + f->at), s);
	return 0;
}

/* Does the account link to it: "21:0"? */
static bool links_to(const struct account *a, const struct oscore *o)
{
	char want[16];

	snprintf(want, sizeof(want), "21:%u", o->instance);
	return a->link.there && imp_span_eq(a->link.bytes, imp_span_str(want));
}

/* Every link leads somewhere, and every context belongs to an account. */
static int resolve(struct accounts *all, struct imp_error *err)
{
	for (size_t i = 0; i < all->oscores; i++) {
		bool used = false;

		for (size_t k = 0; k < all->count; k++)
			if (links_to(&all->at[k], &all->oscore[i])) {
				all->at[k].oscore = &all->oscore[i];
				used = true;
			}
		if (!used)
			return imp_fail(err, IMP_EPOLICY,
					"%s: oscore/%u: no instance of security links to "
					"it",
					all->device, all->oscore[i].instance);
	}
	for (size_t k = 0; k < all->count; k++)
		if (all->at[k].link.there && !all->at[k].oscore)
			return imp_fail(err, IMP_EPOLICY,
					"%s: security/%u oscore: there is no such "
					"instance of object 21",
					all->device, all->at[k].instance);
	return 0;
}

static bool is_left_out(const struct account_pick *pick, uint16_t object)
{
	for (size_t i = 0; i < pick->withouts; i++)
		if (pick->without[i] == object)
			return true;
	return false;
}

/* A secret that nobody takes must not get lost unnoticed. */
static int refuse_object(const struct accounts *all, const struct imp_setting *s,
			 struct imp_error *err)
{
	int rc = imp_fail(err, IMP_EPOLICY,
			  "%s: object %u/%u resource %u: a server of this kind has no "
			  "place for it",
			  all->device, s->object, s->instance, s->resource);

	return imp_hint(err, rc, "--without %u leaves the object out", s->object);
}

void accounts_name(const struct imp_credentials *c, struct accounts *out)
{
	*out = (struct accounts){ 0 };
	imp_device_name(c->ueid, out->device);
	out->has_imei = imp_imei_of_ueid(c->ueid, out->identity);
	if (!out->has_imei)
		imp_hex_text(c->ueid, out->identity, sizeof(out->identity));
	if (c->endpoint.len > 0)
		snprintf(out->endpoint, sizeof(out->endpoint), "%.*s",
			 (int)c->endpoint.len, (const char *)c->endpoint.ptr);
	else if (out->has_imei)
		snprintf(out->endpoint, sizeof(out->endpoint), "urn:imei:%s",
			 out->identity);
}

static int name(const struct imp_credentials *c, struct accounts *out,
		struct imp_error *err)
{
	accounts_name(c, out);
	if (out->endpoint[0])
		return 0;
	return imp_hint(err,
			imp_fail(err, IMP_EPOLICY,
				 "%s: has no endpoint and no imei to make one of",
				 out->device),
			"endpoint: in the profile names it");
}

int accounts_take(const struct imp_credentials *c, const struct account_pick *pick,
		  struct accounts *out, struct imp_error *err)
{
	struct imp_settings_walk walk;
	int rc = name(c, out, err);

	imp_settings_begin(&walk, c->secrets);
	while (!rc && imp_settings_next(&walk)) {
		const struct imp_setting *s = &walk.at;

		if (is_left_out(pick, s->object))
			continue;
		if (s->object != SECURITY && s->object != OSCORE)
			return refuse_object(out, s, err);
		rc = take(out, s, err);
	}
	return rc ? rc : resolve(out, err);
}

static int several(const struct accounts *all, struct imp_error *err)
{
	char list[ACCOUNTS_MAX * 20];
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < all->count; i++)
		n += (size_t)snprintf(list + n, sizeof(list) - n, "%ssecurity/%u",
				      i ? ", " : "", all->at[i].instance);
	rc = imp_fail(err, IMP_EPOLICY, "%s: has several accounts: %s", all->device,
		      list);
	return imp_hint(err, rc, "--instance N picks one");
}

int account_find(const struct accounts *all, const struct account_pick *pick,
		 const struct account **out, struct imp_error *err)
{
	if (all->count == 0)
		return imp_fail(err, IMP_EPOLICY,
				"%s: has no account of a server (object 0, security)",
				all->device);
	*out = &all->at[0];
	if (!pick->has_instance)
		return all->count == 1 ? 0 : several(all, err);
	for (size_t i = 0; i < all->count; i++)
		if (all->at[i].instance == pick->instance) {
			*out = &all->at[i];
			return 0;
		}
	return imp_fail(err, IMP_EPOLICY, "%s: has no account security/%u", all->device,
			pick->instance);
}
