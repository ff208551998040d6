/* SPDX-License-Identifier: Apache-2.0 */
/* imprint serve: devices that call home get what a bundle holds for them. */
#include <inttypes.h>
#include <sys/resource.h>
#include <unistd.h>

#include "args.h"
#include "base/text.h"
#include "commands.h"
#include "crypto/host.h"
#include "json.h"
#include "serve.h"
#include "transport/tcp.h"

enum { ROOM = 5000, ROOM_MAX = 100000, PATIENCE_S = 10, TIMEOUT_S = 20 };

struct args {
	struct verifier_args verifier;
	struct revoked_args revoked;
	struct report_args report;
	struct imp_tcp_where listen;
	const char *bundle;
	uint64_t room, patience_s, timeout_s, wanted;
	bool wants_all;
};

enum {
	OPT_LISTEN = 0x100,
	OPT_BUNDLE,
	OPT_MAX,
	OPT_PATIENCE,
	OPT_TIMEOUT,
	OPT_COUNT,
	OPT_REQUIRE_ALL
};

static const struct argp_option options[] = {
	{ "listen", OPT_LISTEN, "HOST:PORT", 0,
	  "Take calls there; 0.0.0.0 or [::] is every address of this machine, PORT 0 any free one",
	  0 },
	{ "bundle", OPT_BUNDLE, "FILE", 0,
	  "What there is for the devices, as pack made it", 0 },
	{ "max", OPT_MAX, "N", 0,
	  "Talk to at most N at once (default 5000); the oldest that proves nothing gives way",
	  0 },
	{ "patience", OPT_PATIENCE, "SECONDS", 0,
	  "Cut off who has not proven who it is after SECONDS (default 10)", 0 },
	{ "timeout", OPT_TIMEOUT, "SECONDS", 0,
	  "Give each device SECONDS for the rest (default 20)", 0 },
	{ "count", OPT_COUNT, "N", 0,
	  "End when N devices hold what is for them (default: go on until interrupted)",
	  0 },
	{ "require-all", OPT_REQUIRE_ALL, NULL, 0,
	  "Every device of FILE must be served: those that were not are listed, and the status is 12",
	  0 },
	{ 0 },
};

static const struct argp_child children[] = { { &verifier_argp, 0, NULL, 0 },
					      { &report_argp, 0, NULL, 0 },
					      { &revoked_argp, 0, NULL, 0 },
					      { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	enum { SECONDS_MAX = 3600 };
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		a->room = ROOM;
		a->patience_s = PATIENCE_S;
		a->timeout_s = TIMEOUT_S;
		state->child_inputs[0] = &a->verifier;
		state->child_inputs[1] = &a->report;
		state->child_inputs[2] = &a->revoked;
		return 0;
	case OPT_LISTEN:
		if (!imp_tcp_where(arg, &a->listen))
			argp_error(state, "--listen %s: expected HOST:PORT", arg);
		return 0;
	case OPT_BUNDLE:
		a->bundle = arg;
		return 0;
	case OPT_MAX:
		a->room = cli_number(state, "--max", arg, 1, ROOM_MAX);
		return 0;
	case OPT_PATIENCE:
		a->patience_s = cli_number(state, "--patience", arg, 1, SECONDS_MAX);
		return 0;
	case OPT_TIMEOUT:
		a->timeout_s = cli_number(state, "--timeout", arg, 1, SECONDS_MAX);
		return 0;
	case OPT_COUNT:
		a->wanted = cli_number(state, "--count", arg, 1, UINT32_MAX);
		return 0;
	case OPT_REQUIRE_ALL:
		a->wants_all = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "unexpected '%s'", arg);
		return EINVAL;
	case ARGP_KEY_END:
		if (!a->listen.host[0])
			argp_error(state, "missing --listen HOST:PORT");
		if (!a->bundle)
			argp_error(state, "missing --bundle FILE");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Take calls from devices over TCP. A caller proves who it is, by fresh evidence under the key in its "
	       "card, and gets its package of FILE then; it has it applied, and its evidence of that is appraised.",
	.children = children,
};

/* A descriptor for each caller, and some for files. */
static int check_descriptors(uint32_t room, struct imp_error *err)
{
	enum { OTHERS = 64 };
	struct rlimit limit;
	int rc;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= room + OTHERS)
		return 0;
	limit.rlim_cur = limit.rlim_max < room + OTHERS ? limit.rlim_max : room + OTHERS;
	if (limit.rlim_cur == room + OTHERS && setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return 0;
	rc = imp_fail(err, IMP_ERESOURCE,
		      "%" PRIu32 " callers at once need %" PRIu32
		      " descriptors, and the limit is %ju",
		      room, room + OTHERS, (uintmax_t)limit.rlim_max);
	return imp_hint(err, rc, "raise it (ulimit -Hn), or serve fewer at once: --max");
}

/* Where it listens, so that a script finds a port of 0. */
static void tell(const struct args *a)
{
	struct json j = { .f = stdout, .first = true };
	char where[IMP_TCP_NAME] = "";

	(void)imp_tcp_text(&a->listen, where, sizeof(where));
	if (a->report.json) {
		json_open(&j, NULL, '{');
		json_str(&j, "listening", where);
		json_close(&j, '}');
		putchar('\n');
		fflush(stdout);
	} else {
		fprintf(stderr, "listening on %s\n", where);
	}
}

/* What no run could come to is said before it begins. */
static int check_count(const struct args *a, const struct serve *s, struct imp_error *err)
{
	size_t all = serve_devices(s);

	if (a->wants_all && all == 0)
		return imp_fail(err, IMP_EUSAGE,
				"--require-all: %s is for a class, whoever is of it",
				a->bundle);
	return all == 0 || a->wanted <= all
		       ? 0
		       : imp_fail(err, IMP_EUSAGE,
				  "--count %" PRIu64 ": %s is for %zu device%s",
				  a->wanted, a->bundle, all, imp_plural(all));
}

static int listen_and_serve(struct args *a, struct serve *s, struct imp_error *err)
{
	int listener, rc = imp_tcp_listen(&a->listen, &listener, err);

	if (rc)
		return rc;
	tell(a);
	rc = serve_run(s, listener, err);
	close(listener);
	return rc;
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(imp_crypto_free) struct imp_crypto *crypto = NULL;
	const struct dev_args any = { 0 };
	struct args a = { 0 };
	struct serve s = { 0 };
	int rc;

	(void)cli;
	cli_parse(&cmd_serve, argc, argv, &a);
	s.room = (uint32_t)a.room;
	s.patience_ms = (uint32_t)a.patience_s * 1000;
	s.timeout_ms = (uint32_t)a.timeout_s * 1000;
	s.wanted = a.wanted;
	s.wants_all = a.wants_all;
	s.json = a.report.json;
	rc = check_descriptors(s.room, err);
	if (!rc)
		rc = imp_crypto_new(&crypto, err);
	if (!rc)
		rc = verifier_open(&s.verifier, crypto, &a.verifier, &any, err);
	if (!rc)
		rc = verifier_revoke(
			&s.verifier, crypto, &a.verifier, &a.revoked,
			&(struct revoked_use){ .ledger = &a.verifier.known.ledger }, err);
	if (!rc)
		rc = objects_open(&s.objects, crypto, a.bundle, err);
	if (!rc)
		rc = check_count(&a, &s, err);
	if (!rc)
		rc = listen_and_serve(&a, &s, err);
	objects_close(&s.objects);
	verifier_close(&s.verifier);
	return rc;
}

const struct cli_cmd cmd_serve = {
	.name = "serve",
	.brief = "provision devices that call home over TCP",
	.argp = &argp,
	.run = run,
};
