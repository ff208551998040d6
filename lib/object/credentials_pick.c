/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials: what of a profile's settings a server needs. */
#include "cbor/reader.h"
#include "object/credentials.h"

enum { SECURITY = 0, OSCORE = 21 };
/* Resources of object 0. Source: OMA LwM2M object 0, 1.2. */
enum { MODE = 2, SECRET_KEY = 5, OSCORE_LINK = 17 };
/* Values of its mode: the secret key is the device's private one. */
enum { RPK = 1, CERTIFICATE = 2, EST = 4 };

/* What a server needs beside a secret of the same instance: its address, whose account
 * it is, how it is used. */
static const struct sibling {
	uint16_t object, resource;
} siblings[] = {
	{ SECURITY, 0 }, { SECURITY, 1 },  { SECURITY, MODE },
	{ SECURITY, 3 }, { SECURITY, 10 }, { SECURITY, OSCORE_LINK },
	{ OSCORE, 1 },	 { OSCORE, 2 },	   { OSCORE, 3 },
	{ OSCORE, 4 },	 { OSCORE, 5 },	   { OSCORE, 6 },
};

/* The instance at hand. */
struct pick {
	const struct imp_secrecy *secrecy;
	uint16_t object;
	bool has_private; /* its secret key is the device's own */
	bool needed;	  /* there is something in it that a server must know */
};

static uint16_t take_id(struct imp_cbor *c)
{
	return (uint16_t)imp_cbor_uint_max(c, UINT16_MAX);
}

static bool is_secret(const struct pick *p, uint16_t resource)
{
	return p->secrecy->is_secret(p->secrecy->ctx, p->object, resource) &&
	       !(p->object == SECURITY && resource == SECRET_KEY && p->has_private);
}

static bool keeps(const struct pick *p, uint16_t resource)
{
	for (size_t i = 0; i < COUNTOF(siblings); i++)
		if (siblings[i].object == p->object && siblings[i].resource == resource)
			return true;
	return is_secret(p, resource);
}

/* A public key or an OSCORE context makes an account, too. */
static void look_at(struct pick *p, struct imp_cbor c)
{
	struct imp_cbor at = c;
	bool account = false;
	size_t left;

	p->needed = p->has_private = false;
	for (left = imp_cbor_map(&at); imp_cbor_more(&at, &left); imp_cbor_item(&at)) {
		uint16_t resource = take_id(&at);
		struct imp_cbor value = at;
		int64_t mode;

		if (p->object != SECURITY)
			continue;
		account |= resource == OSCORE_LINK;
		if (resource != MODE || imp_cbor_peek(&value) != IMP_T_INT)
			continue;
		mode = imp_cbor_int(&value);
		p->has_private = mode == RPK || mode == CERTIFICATE || mode == EST;
	}
	p->needed = account || p->has_private;
	at = c;
	for (left = imp_cbor_map(&at); imp_cbor_more(&at, &left); imp_cbor_item(&at))
		p->needed |= is_secret(p, take_id(&at));
}

static size_t count_resources(const struct pick *p, struct imp_cbor c)
{
	size_t n = 0;

	for (size_t left = imp_cbor_map(&c); imp_cbor_more(&c, &left); imp_cbor_item(&c))
		n += keeps(p, take_id(&c));
	return p->needed ? n : 0;
}

/* The resources of the instance whose map the cursor stands before; w may be NULL: then
 * they are only counted. The cursor passes over the map. */
static size_t pick_instance(struct pick *p, struct imp_cbor *c, struct imp_writer *w)
{
	size_t n;

	look_at(p, *c);
	n = count_resources(p, *c);
	if (w && n > 0) {
		struct imp_cbor at = *c;

		imp_cbor_put_map(w, n);
		for (size_t left = imp_cbor_map(&at); imp_cbor_more(&at, &left);) {
			uint16_t resource = take_id(&at);
			struct imp_span value = imp_cbor_item(&at);

			if (keeps(p, resource)) {
				imp_cbor_put_uint(w, resource);
				imp_put(w, value);
			}
		}
	}
	imp_cbor_item(c);
	return n;
}

static size_t pick_object(struct pick *p, struct imp_cbor *c, struct imp_writer *w)
{
	struct imp_cbor count = *c, at = *c;
	size_t instances = 0, n = 0;

	for (size_t left = imp_cbor_map(&count); imp_cbor_more(&count, &left);) {
		take_id(&count);
		instances += pick_instance(p, &count, NULL) > 0;
	}
	if (w && instances > 0)
		imp_cbor_put_map(w, instances);
	for (size_t left = imp_cbor_map(&at); imp_cbor_more(&at, &left);) {
		uint16_t instance = take_id(&at);
		struct imp_cbor ahead = at;
		size_t picked = pick_instance(p, &ahead, NULL);

		if (w && picked > 0) {
			imp_cbor_put_uint(w, instance);
			pick_instance(p, &at, w);
		}
		at = ahead;
		n += picked;
	}
	imp_cbor_item(c);
	return n;
}

size_t imp_credentials_pick(struct imp_span settings, const struct imp_secrecy *secrecy,
			    struct imp_writer *w)
{
	struct pick p = { .secrecy = secrecy };
	struct imp_cbor count = { .in = settings }, at = count;
	size_t objects = 0, n = 0;

	for (size_t left = imp_cbor_map(&count); imp_cbor_more(&count, &left);) {
		p.object = take_id(&count);
		objects += pick_object(&p, &count, NULL) > 0;
	}
	if (objects > 0)
		imp_cbor_put_map(w, objects);
	for (size_t left = imp_cbor_map(&at); imp_cbor_more(&at, &left);) {
		struct imp_cbor ahead;
		size_t picked;

		p.object = take_id(&at);
		ahead = at;
		picked = pick_object(&p, &ahead, NULL);
		if (picked > 0) {
			imp_cbor_put_uint(w, p.object);
			pick_object(&p, &at, w);
		}
		at = ahead;
		n += picked;
	}
	return n;
}
