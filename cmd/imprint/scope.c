/* SPDX-License-Identifier: Apache-2.0 */
/* The scope of a grant as it is typed. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "names.h"
#include "scope.h"
#include "target.h"

enum {
	OPT_DOMAIN = 0xa00,
	OPT_ALLOW,
	OPT_OBJECTS,
	OPT_TARGET,
	OPT_SEQUENCES,
	OPT_EPOCHS,
	OPT_DEPTH,
	OPT_EXPIRES,
	OPT_APPROVAL,
};

static const struct argp_option options[] = {
	{ "domain", OPT_DOMAIN, "N", 0,
	  "The domain: network (1), service (2), or 1 to 15", 0 },
	{ "allow", OPT_ALLOW, "LIST", 0,
	  "Objects that may be written: cellular,apn/0,32769; names or numbers, with an "
	  "instance or all of them; repeatable",
	  0 },
	{ "objects", OPT_OBJECTS, "DIR", 0, "Read object descriptions from DIR", 0 },
	{ "target", OPT_TARGET, "ID", 0,
	  "A device (imei, or ueid in hex), or a class (PEN/MODEL or MODEL); repeatable",
	  0 },
	{ "sequences", OPT_SEQUENCES, "A,B", 0,
	  "Lowest and highest sequence (default: all)", 0 },
	{ "epochs", OPT_EPOCHS, "A,B", 0,
	  "Owner-epoch and domain-epoch (default 1,0); a higher one ends the grant", 0 },
	{ "depth", OPT_DEPTH, "N", 0,
	  "Let the holder give it on, N times in a row (0 to 2, default 0)", 0 },
	{ "expires", OPT_EXPIRES, "DATE", 0,
	  "Not from DATE on (2027-01-31, or 2027-01-31T12:00:00Z); hosts look at it, "
	  "devices have no clock",
	  0 },
	{ "approval", OPT_APPROVAL, "M:PUB,...", 0,
	  "What the holder signs needs M of these keys besides", 0 },
	{ 0 },
};

static uint32_t parse_domain(struct argp_state *state, const char *arg)
{
	if (strcmp(arg, "network") == 0)
		return 1;
	if (strcmp(arg, "service") == 0)
		return 2;
	if (strcmp(arg, "owner") == 0 || strcmp(arg, "0") == 0)
		argp_error(state, "--domain %s: is the owner's alone", arg);
	if (*arg < '0' || *arg > '9')
		argp_error(state,
			   "--domain %s: expected network (1), service (2), or a number "
			   "from 1 to 15",
			   arg);
	return (uint32_t)cli_number(state, "--domain", arg, 1, 15);
}

/* A,B */
static void parse_pair(struct argp_state *state, const char *what, const char *arg,
		       uint64_t min, uint64_t max, uint64_t pair[2])
{
	const char *comma = strchr(arg, ',');
	char first[24] = "";

	if (!comma || comma - arg >= (ptrdiff_t)sizeof(first))
		argp_error(state, "%s: '%s' is not two numbers with a comma", what, arg);
	memcpy(first, arg, (size_t)(comma - arg));
	pair[0] = cli_number(state, what, first, min, max);
	pair[1] = cli_number(state, what, comma + 1, min, max);
}

static void parse_sequences(struct argp_state *state, struct scope_args *a,
			    const char *arg)
{
	parse_pair(state, "--sequences", arg, 1, INT64_MAX, a->sequences);
	if (a->sequences[0] > a->sequences[1])
		argp_error(state, "--sequences: %s goes from high to low", arg);
	a->has_sequences = true;
}

static void parse_epochs(struct argp_state *state, struct scope_args *a, const char *arg)
{
	uint64_t pair[2];

	parse_pair(state, "--epochs", arg, 0, UINT32_MAX, pair);
	a->epochs[0] = (uint32_t)pair[0];
	a->epochs[1] = (uint32_t)pair[1];
	a->has_epochs = true;
}

static void add_allow(struct argp_state *state, struct scope_args *a, const char *arg)
{
	if (a->allows == SCOPE_ALLOW)
		argp_error(state, "more than %d times --allow", SCOPE_ALLOW);
	a->allow[a->allows++] = arg;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct scope_args *a = state->input;

	switch (key) {
	case OPT_DOMAIN:
		a->domain = parse_domain(state, arg);
		return 0;
	case OPT_ALLOW:
		add_allow(state, a, arg);
		return 0;
	case OPT_OBJECTS:
		a->objects = arg;
		return 0;
	case OPT_TARGET:
		path_list_add(state, &a->targets, arg);
		return 0;
	case OPT_SEQUENCES:
		parse_sequences(state, a, arg);
		return 0;
	case OPT_EPOCHS:
		parse_epochs(state, a, arg);
		return 0;
	case OPT_DEPTH:
		a->depth = (uint32_t)cli_number(state, "--depth", arg, 0,
						IMP_GRANT_LINKS - 1);
		return 0;
	case OPT_EXPIRES:
		a->expires = arg;
		return 0;
	case OPT_APPROVAL:
		a->approval = arg;
		return 0;
	case ARGP_KEY_END:
		if (a->allows == 0)
			argp_error(state, "missing --allow LIST");
		if (a->targets.count == 0)
			argp_error(state, "missing --target ID");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp scope_argp = { .options = options, .parser = parse };

/* What is allowed, before it is put in order. */
struct entry {
	uint16_t object;
	int32_t instance; /* -1: all */
};

struct entries {
	struct entry entry[256];
	size_t count;
};

static int by_number(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->object != y->object
		       ? (x->object > y->object) - (x->object < y->object)
		       : (x->instance > y->instance) - (x->instance < y->instance);
}

static bool number(const char *text, size_t len, uint16_t *out)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	*out = (uint16_t)v;
	return len > 0 && text[0] >= '0' && text[0] <= '9' && end == text + len &&
	       v <= UINT16_MAX;
}

static int unknown(const char *word, size_t len, const struct imp_catalog *c,
		   struct imp_error *err)
{
	const char *names[256], *near;
	char text[64];
	size_t n = 0;
	int rc;

	snprintf(text, sizeof(text), "%.*s", (int)len, word);
	for (; n < c->objects && n < COUNTOF(names); n++)
		names[n] = c->object[n].name;
	near = imp_nearest(text, names, n);
	rc = imp_fail(err, IMP_EUSAGE,
		      "--allow: '%s': expected OBJECT or OBJECT/INSTANCE, by name or "
		      "number",
		      text);
	return near ? imp_hint(err, rc, "did you mean %s?", near) : rc;
}

/* OBJECT or OBJECT/INSTANCE */
static int take_word(const char *word, size_t len, const struct imp_catalog *c,
		     struct entry *out, struct imp_error *err)
{
	const char *slash = memchr(word, '/', len);
	size_t n = slash ? (size_t)(slash - word) : len;
	const struct imp_object *o;
	uint16_t instance = 0;
	char name[64];

	if (n >= sizeof(name) || (slash && !number(slash + 1, len - n - 1, &instance)))
		return unknown(word, len, c, err);
	memcpy(name, word, n);
	name[n] = '\0';
	o = imp_catalog_by_name(c, name);
	if (o)
		out->object = o->id;
	else if (!number(name, n, &out->object))
		return unknown(word, n, c, err);
	out->instance = slash ? instance : -1;
	return 0;
}

static int take_list(const char *list, const struct imp_catalog *c, struct entries *out,
		     struct imp_error *err)
{
	int rc = 0;

	while (!rc && *list) {
		size_t n = strcspn(list, ",");

		if (out->count == COUNTOF(out->entry))
			return imp_fail(err, IMP_EUSAGE, "--allow: more than %zu objects",
					out->count);
		rc = take_word(list, n, c, &out->entry[out->count++], err);
		list += n + (list[n] == ',');
	}
	return rc;
}

/* The entries of one object from i on. */
static size_t run_of(const struct entries *e, size_t i)
{
	size_t n = 1;

	while (i + n < e->count && e->entry[i + n].object == e->entry[i].object)
		n++;
	return n;
}

static int check_entries(const struct entries *e, struct imp_error *err)
{
	for (size_t i = 1; i < e->count; i++) {
		const struct entry *a = &e->entry[i - 1], *b = &e->entry[i];

		if (a->object == b->object &&
		    (a->instance < 0 || a->instance == b->instance))
			return imp_fail(err, IMP_EUSAGE,
					"--allow: object %u stands there twice",
					b->object);
	}
	return 0;
}

static void put_entries(const struct entries *e, struct imp_writer *w)
{
	size_t objects = 0, n;

	for (size_t i = 0; i < e->count; i += run_of(e, i))
		objects++;
	imp_cbor_put_map(w, objects);
	for (size_t i = 0; i < e->count; i += n) {
		bool all = e->entry[i].instance < 0;

		n = run_of(e, i);
		imp_cbor_put_uint(w, e->entry[i].object);
		imp_cbor_put_array(w, all ? 0 : n);
		for (size_t k = i; !all && k < i + n; k++)
			imp_cbor_put_uint(w, (uint64_t)e->entry[k].instance);
	}
}

static int make_objects(struct scope *s, const struct scope_args *a,
			struct imp_grant *out, struct imp_error *err)
{
	struct imp_writer w = imp_writer(s->objects, sizeof(s->objects));
	struct entries e = { 0 };
	struct names names = { 0 };
	int rc = names_open(&names, a->objects, err);

	for (size_t i = 0; !rc && i < a->allows; i++)
		rc = take_list(a->allow[i], &names.catalog, &e, err);
	names_close(&names);
	qsort(e.entry, e.count, sizeof(e.entry[0]), by_number);
	if (!rc)
		rc = check_entries(&e, err);
	put_entries(&e, &w);
	out->objects = imp_written(&w);
	return rc;
}

static int make_targets(struct scope *s, const struct scope_args *a,
			struct imp_grant *out, struct imp_error *err)
{
	struct imp_writer w = imp_writer(s->targets, sizeof(s->targets));
	int rc = 0;

	imp_cbor_put_array(&w, a->targets.count);
	for (size_t i = 0; !rc && i < a->targets.count; i++) {
		struct imp_target t;
		uint8_t ueid[33];

		rc = target_parse(a->targets.path[i], ueid, &t, err);
		if (!rc)
			imp_target_put(&w, &t);
	}
	out->targets = imp_written(&w);
	return rc;
}

static int make_expiry(const char *text, struct imp_grant *out, struct imp_error *err)
{
	if (!cli_date(text, &out->exp) || out->exp <= (uint64_t)time(NULL))
		return imp_fail(err, IMP_EUSAGE,
				"--expires %s: expected a day that comes, 2027-01-31, or "
				"2027-01-31T12:00:00Z",
				text);
	out->has_exp = true;
	return 0;
}

static void take_numbers(const struct scope_args *a, const struct imp_grant *parent,
			 struct imp_grant *out)
{
	out->domain = a->domain || !parent ? a->domain : parent->domain;
	out->depth = a->depth;
	for (size_t i = 0; i < 2; i++) {
		out->epochs[i] = a->has_epochs ? a->epochs[i]
				 : parent      ? parent->epochs[i]
					       : i == 0;
		out->sequences[i] = a->has_sequences ? a->sequences[i]
				    : parent	     ? parent->sequences[i]
				    : i == 0	     ? 1
						     : INT64_MAX;
	}
}

int scope_make(struct scope *s, struct imp_crypto *crypto, const struct scope_args *a,
	       const struct key_user *by, const struct imp_grant *parent,
	       struct imp_grant *out, struct imp_error *err)
{
	int rc = make_objects(s, a, out, err);

	take_numbers(a, parent, out);
	if (!rc)
		rc = make_targets(s, a, out, err);
	if (!rc && a->expires)
		rc = make_expiry(a->expires, out, err);
	if (!rc && a->approval)
		rc = approval_parse(crypto, a->approval, by, &out->approval, err);
	return rc;
}
