/* SPDX-License-Identifier: Apache-2.0 */
/* imprint open: verify and decrypt any COSE message with the keys given. */
#include <inttypes.h>

#include "args.h"
#include "base/file.h"
#include "commands.h"
#include "keyarg.h"
#include "note.h"
#include "object/batch.h"
#include "object/signed.h"

enum { KEYS_MAX = 16, FILE_MAX = 64 << 20 };

struct args {
	struct out_args out;
	struct path_list keys;
	const char *in, *detached, *aad;
	uint64_t item; /* of a batch, from 1; 0: the only one */
	int pass_fd;
};

enum { OPT_DETACHED = 0x100, OPT_AAD, OPT_PASS_FD, OPT_ITEM };

static const struct argp_option options[] = {
	{ "key", 'k', "KEY", 0,
	  "Verify or decrypt with KEY: PEM, a COSE_Key, or 32 bytes of a symmetric key; repeatable",
	  0 },
	{ "pass-fd", OPT_PASS_FD, "FD", 0,
	  "Read the passphrase of each encrypted key from the descriptor FD, a line a key",
	  0 },
	{ "detached", OPT_DETACHED, "FILE", 0,
	  "The payload or ciphertext, where it is not inside", 0 },
	{ "external-aad", OPT_AAD, "FILE", 0,
	  "External additional data that the sender covered", 0 },
	{ "item", OPT_ITEM, "N", 0, "Open item N, from 1, of a batch file", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &out_argp, 0, NULL, 0 }, { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		a->in = "-";
		a->pass_fd = -1;
		state->child_inputs[0] = &a->out;
		return 0;
	case 'k':
		path_list_add(state, &a->keys, arg);
		return 0;
	case OPT_PASS_FD:
		a->pass_fd = (int)cli_number(state, "--pass-fd", arg, 0, 1023);
		return 0;
	case OPT_DETACHED:
		a->detached = arg;
		return 0;
	case OPT_AAD:
		a->aad = arg;
		return 0;
	case OPT_ITEM:
		a->item = cli_number(state, "--item", arg, 1, UINT32_MAX);
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			return ARGP_ERR_UNKNOWN;
		a->in = arg;
		return 0;
	case ARGP_KEY_END:
		if (a->keys.count == 0)
			argp_error(state, "missing -k KEY");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[FILE]",
	.doc = "Verify every signature of, or decrypt, the COSE message in FILE (or standard input) and "
	       "write its payload. Nothing is written unless everything verified.",
	.children = children,
};

struct input {
	struct imp_secret message, detached, aad;
	struct any_key any[KEYS_MAX];
	struct imp_open_key key[KEYS_MAX];
};

static void input_fini(struct input *in)
{
	imp_secret_fini(&in->message);
	imp_secret_fini(&in->detached);
	imp_secret_fini(&in->aad);
	for (size_t i = 0; i < KEYS_MAX; i++)
		any_key_fini(&in->any[i]);
}

static int read_all(struct imp_crypto *c, const struct args *a, struct input *in,
		    struct imp_error *err)
{
	struct pass_source pass = { .fd = a->pass_fd };
	int rc = 0;

	for (size_t i = 0; !rc && i < a->keys.count; i++) {
		rc = any_key_read(c, a->keys.path[i], &pass, &in->any[i], err);
		in->key[i] = any_key_open(&in->any[i]);
		any_key_warn(&in->any[i]);
		if (!rc && in->any[i].class == IMP_CLASS_TEST)
			say_note("%s: is a test key", a->keys.path[i]);
	}
	if (!rc)
		rc = imp_file_read(a->in, FILE_MAX, &in->message, err);
	if (!rc && a->detached)
		rc = imp_file_read(a->detached, FILE_MAX, &in->detached, err);
	if (!rc && a->aad)
		rc = imp_file_read(a->aad, FILE_MAX, &in->aad, err);
	return rc;
}

/* Item number `n` of those behind the head, all of which must be there. */
static int take_item(const char *name, struct imp_span rest,
		     const struct imp_batch_head *head, uint64_t n,
		     struct imp_span *message, struct imp_error *err)
{
	for (uint64_t i = 1; i <= head->count; i++) {
		struct imp_cbor_fault fault = { 0 };
		size_t len = imp_cbor_item_len(rest, IMP_CBOR_STRICT, &fault);

		if (len == 0)
			return imp_fail(err, IMP_EFORMAT,
					"%s: item %" PRIu64 ": offset %zu: %s", name, i,
					fault.offset, fault.rule);
		if (i == n)
			*message = (struct imp_span){ rest.ptr, len };
		rest.ptr += len;
		rest.len -= len;
	}
	return rest.len == 0 ? 0
			     : imp_fail(err, IMP_EFORMAT,
					"%s: goes on after its last item", name);
}

/* The message: the file as it is, or an item of a batch. */
static int pick(const struct args *a, struct imp_span all, struct imp_span *message,
		struct imp_error *err)
{
	size_t len = imp_cbor_item_len(all, IMP_CBOR_STRICT, NULL);
	struct imp_batch_head head;

	*message = all;
	if (len == 0 || !imp_batch_head((struct imp_span){ all.ptr, len }, &head))
		return a->item < 2 ? 0
				   : imp_fail(err, IMP_EUSAGE,
					      "%s: is no batch, and has no item %" PRIu64,
					      a->in, a->item);
	if (imp_span_eq(head.kind, IMP_TEXT("profiles")))
		return imp_hint(
			err,
			imp_fail(err, IMP_EFORMAT,
				 "%s: is a batch of profiles, which nobody signed yet",
				 a->in),
			"imprint inspect %s shows them", a->in);
	if (!a->item && head.count != 1)
		return imp_hint(err,
				imp_fail(err, IMP_EUSAGE,
					 "%s: is a batch of %" PRIu64 " (%.*s)", a->in,
					 head.count, (int)head.kind.len,
					 (const char *)head.kind.ptr),
				"--item N opens one of them");
	if (a->item > head.count)
		return imp_fail(err, IMP_EUSAGE,
				"%s: is a batch of %" PRIu64 ", and has no item %" PRIu64,
				a->in, head.count, a->item);
	return take_item(a->in, (struct imp_span){ all.ptr + len, all.len - len }, &head,
			 a->item ? a->item : 1, message, err);
}

/* The leaf of a batch is what it carries, if it is one of what was signed. */
static int take_leaf(struct imp_crypto *c, struct imp_span message,
		     struct imp_secret *payload, struct imp_error *err)
{
	struct imp_signed s;
	struct imp_sign m;
	int rc;

	if (imp_sign_decode(message, IMP_CBOR_LENIENT, &m, NULL) ||
	    !(m.uh.has & (IMP_HAS_LEAF | IMP_HAS_PROOF)) ||
	    imp_kind_of(m.ph.typ) != IMP_KIND_BATCH)
		return 0;
	rc = imp_signed_decode(message, &s, err);
	if (!rc && imp_batched_verify(c, &s.leaf))
		rc = imp_fail(err, IMP_EVERIFY,
			      "the leaf is none of the batch that is signed");
	return rc ? rc : imp_secret_set(payload, s.payload, err);
}

static int write_payload(const struct args *a, struct imp_span payload,
			 struct imp_error *err)
{
	CLEANUP(imp_out_abort) struct imp_out out = { 0 };
	int rc = imp_out_open(&out, a->out.path,
			      IMP_OUT_PRIVATE | IMP_OUT_BINARY |
				      (a->out.force ? IMP_OUT_FORCE : 0),
			      err);
	bool stays;

	stays = out.tmp;
	if (!rc)
		rc = imp_out_write(&out, payload, err);
	if (!rc)
		rc = imp_out_commit(&out, err);
	if (!rc && stays)
		say_note("%s: mode 0600: may hold secrets", a->out.path);
	return rc;
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(imp_crypto_free) struct imp_crypto *c = NULL;
	CLEANUP(imp_secret_fini) struct imp_secret payload = { 0 };
	CLEANUP(input_fini) struct input in = { 0 };
	struct imp_open open = { .key = in.key };
	struct args a = { 0 };
	int rc;

	(void)cli;
	cli_parse(&cmd_open, argc, argv, &a);
	rc = imp_crypto_new(&c, err);
	if (!rc)
		rc = read_all(c, &a, &in, err);
	if (rc)
		return rc;
	open.has_detached = a.detached;
	open.detached = imp_secret_span(&in.detached);
	open.external_aad = imp_secret_span(&in.aad);
	open.keys = a.keys.count;
	rc = pick(&a, imp_secret_span(&in.message), &open.message, err);
	if (!rc)
		rc = imp_wrap(err, imp_cose_open(c, &open, &payload, err), "%s", a.in);
	if (!rc)
		rc = imp_wrap(err, take_leaf(c, open.message, &payload, err), "%s", a.in);
	return rc ? rc : write_payload(&a, imp_secret_span(&payload), err);
}

const struct cli_cmd cmd_open = {
	.name = "open",
	.brief = "verify and decrypt a COSE message",
	.argp = &argp,
	.run = run,
};
