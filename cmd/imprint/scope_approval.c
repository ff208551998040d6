/* SPDX-License-Identifier: Apache-2.0 */
/* Approvers as they are typed. */
#include <string.h>

#include "crypto/alg.h"
#include "crypto/key.h"
#include "keyarg.h"
#include "scope.h"

enum { OPT_APPROVAL = 0xb80 };

static const struct argp_option options[] = {
	{ "approval", OPT_APPROVAL, "M:PUB,...", 0,
	  "What the owner signs needs M of these keys besides, as its claim has it", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct quorum_args *a = state->input;

	if (key != OPT_APPROVAL)
		return ARGP_ERR_UNKNOWN;
	a->approval = arg;
	return 0;
}

const struct argp quorum_argp = { .options = options, .parser = parse };

static int add_approver(struct imp_crypto *crypto, const struct key_user *by,
			struct imp_span path, struct imp_approval *a,
			struct imp_error *err)
{
	CLEANUP(imp_key_fini) struct imp_key key = { 0 };
	char name[4096];
	int rc;

	if (path.len >= sizeof(name) || a->count == IMP_APPROVERS_MAX)
		return imp_fail(err, IMP_EUSAGE, "--approval: at most %d keys",
				IMP_APPROVERS_MAX);
	memcpy(name, path.ptr, path.len);
	name[path.len] = '\0';
	rc = trusted_read(crypto, name, &key, err);
	if (!rc)
		rc = key_check_class(by, name, &key, err);
	if (!rc && imp_alg_for(key.pub.crv) == 0)
		rc = imp_fail(err, IMP_EKEY, "%s: is no key that signs", name);
	for (uint32_t i = 0; !rc && i < a->count; i++)
		if (imp_pub_eq(&a->key[i], &key.pub))
			rc = imp_fail(err, IMP_EUSAGE,
				      "--approval: %s stands there twice", name);
	if (!rc)
		a->key[a->count++] = key.pub;
	return rc;
}

/* M:PUB,PUB */
int approval_parse(struct imp_crypto *crypto, const char *text, const struct key_user *by,
		   struct imp_approval *out, struct imp_error *err)
{
	const char *at = text;
	int rc = 0;

	*out = (struct imp_approval){ 0 };
	if (text[0] < '1' || text[0] > '7' || text[1] != ':')
		return imp_fail(err, IMP_EUSAGE,
				"--approval %s: expected M:PUB,... with M from 1 to %d",
				text, IMP_APPROVERS_MAX);
	out->threshold = (uint32_t)(text[0] - '0');
	at += 2;
	while (!rc && *at) {
		size_t n = strcspn(at, ",");

		rc = add_approver(crypto, by, (struct imp_span){ (const uint8_t *)at, n },
				  out, err);
		at += n + (at[n] == ',');
	}
	if (!rc && out->threshold > out->count)
		rc = imp_fail(err, IMP_EUSAGE, "--approval: %u of %u keys",
			      out->threshold, out->count);
	return rc;
}

int approval_check_own(const struct imp_approval *a, const struct imp_pub *own,
		       const char *who, struct imp_error *err)
{
	for (uint32_t i = 0; i < a->count; i++)
		if (imp_pub_eq(&a->key[i], own))
			return imp_fail(
				err, IMP_EUSAGE,
				"--approval: the key of the %s is among them, and "
				"does not count",
				who);
	return 0;
}
