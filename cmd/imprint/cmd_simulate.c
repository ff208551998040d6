/* SPDX-License-Identifier: Apache-2.0 */
/* imprint simulate: devices that run the real agent. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "announce.h"
#include "args.h"
#include "cardsarg.h"
#include "commands.h"
#include "identities.h"
#include "mistakes.h"
#include "sim/sim.h"
#include "source/catalog.h"

enum { FAULTS_MAX = 256 };

/* How the devices are reached: --tcp, --call-home, --every, --usb. */
struct way_args {
	struct imp_tcp_where tcp;  /* host "": not on TCP */
	struct imp_tcp_where home; /* host "": they call nobody */
	uint32_t every_s;
	bool usb;
};

struct args {
	struct report_args report;
	struct way_args way;
	unsigned count; /* 0: as many as the CSV has rows, or 1 */
	const char *csv, *dir;
	bool production;
	struct path_list maker, vendor;
	const char *factory;
	const char *fault[FAULTS_MAX];
	size_t faults;
	char **command; /* NULL-terminated; NULL: none */
	uint64_t seed;
	int pass_fd;
};

enum {
	OPT_CSV = 0x100,
	OPT_STATE,
	OPT_MAKER,
	OPT_FACTORY,
	OPT_PRODUCTION,
	OPT_VENDOR,
	OPT_FAULT,
	OPT_SEED,
	OPT_PASS_FD,
	OPT_TCP,
	OPT_CALL_HOME,
	OPT_EVERY,
	OPT_USB,
};

static const struct argp_option way_options[] = {
	{ "tcp", OPT_TCP, "HOST:PORT", 0,
	  "Listen on TCP in place of pseudo-terminals: the first device on PORT, each further one on the next; PORT 0: each on any that is free",
	  0 },
	{ "call-home", OPT_CALL_HOME, "HOST:PORT", 0,
	  "Let each device call there, where imprint serve listens", 0 },
	{ "every", OPT_EVERY, "SECONDS", 0,
	  "Let them call again SECONDS after each conversation (default 60)", 0 },
	{ "usb", OPT_USB, NULL, 0,
	  "Plug the devices in at the kernel's virtual USB controller (vhci-hcd; root)",
	  0 },
	{ 0 },
};

static error_t way_parse(int key, char *arg, struct argp_state *state)
{
	struct way_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		a->every_s = 60;
		return 0;
	case OPT_TCP:
		if (!imp_tcp_where(arg, &a->tcp))
			argp_error(state, "--tcp %s: expected HOST:PORT", arg);
		return 0;
	case OPT_CALL_HOME:
		if (!imp_tcp_where(arg, &a->home) || strcmp(a->home.port, "0") == 0)
			argp_error(state,
				   "--call-home %s: expected HOST:PORT, PORT from 1",
				   arg);
		return 0;
	case OPT_EVERY:
		a->every_s = (uint32_t)cli_number(state, "--every", arg, 1, 86400);
		return 0;
	case OPT_USB:
		a->usb = true;
		return 0;
	case ARGP_KEY_END:
		if (a->usb + (a->home.host[0] != 0) + (a->tcp.host[0] != 0) > 1)
			argp_error(state, "--usb, --tcp and --call-home: one of them");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp way_argp = { .options = way_options, .parser = way_parse };

static const struct argp_option options[] = {
	{ "count", 'n', "N", 0, "Simulate N devices (default: the rows of the CSV, or 1)",
	  0 },
	{ "csv", OPT_CSV, "FILE", 0, "Take imei, iccid and serial from the rows of FILE",
	  0 },
	{ "state", OPT_STATE, "DIR", 0,
	  "Keep flash and keys in DIR, and the devices' links DIR/1, DIR/2, ... (default sim)",
	  0 },
	{ "maker", OPT_MAKER, "PUB", 0, "Build the maker's key PUB into the firmware",
	  0 },
	{ "factory", OPT_FACTORY, "KEY", 0,
	  "Endorse each device's card with the factory key KEY", 0 },
	{ "production", OPT_PRODUCTION, NULL, 0,
	  "Build the firmware for production: it takes no published key as owner, approver or holder of a grant, and no test key as maker or factory",
	  0 },
	{ "vendor", OPT_VENDOR, "FILE", 0,
	  "Give the firmware the objects that FILE describes, too; repeatable", 0 },
	{ "fault", OPT_FAULT, "FAULT", 0,
	  "Do something wrong: [DEVICE:]KIND[@N], as imprint-simulate(1) lists them; repeatable",
	  0 },
	{ "seed", OPT_SEED, "N", 0,
	  "Start what is random in faults from N, so that a run can be repeated (default 1)",
	  0 },
	{ "pass-fd", OPT_PASS_FD, "FD", 0,
	  "Read the passphrase of an encrypted key from the descriptor FD, one line", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &report_argp, 0, NULL, 0 },
					      { &way_argp, 0, NULL, 0 },
					      { 0 } };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		a->dir = "sim";
		a->seed = 1;
		a->pass_fd = -1;
		state->child_inputs[0] = &a->report;
		state->child_inputs[1] = &a->way;
		return 0;
	case 'n':
		a->count = (unsigned)cli_number(state, "-n", arg, 1, IMP_SIM_DEVICES);
		return 0;
	case OPT_CSV:
		a->csv = arg;
		return 0;
	case OPT_STATE:
		a->dir = arg;
		return 0;
	case OPT_MAKER:
		path_list_add(state, &a->maker, arg);
		return 0;
	case OPT_VENDOR:
		path_list_add(state, &a->vendor, arg);
		return 0;
	case OPT_FACTORY:
		a->factory = arg;
		return 0;
	case OPT_PRODUCTION:
		a->production = true;
		return 0;
	case OPT_SEED:
		a->seed = cli_number(state, "--seed", arg, 0, UINT64_MAX);
		return 0;
	case OPT_PASS_FD:
		a->pass_fd = (int)cli_number(state, "--pass-fd", arg, 0, 1023);
		return 0;
	case OPT_FAULT:
		if (a->faults == COUNTOF(a->fault))
			argp_error(state, "more than %zu faults", a->faults);
		a->fault[a->faults++] = arg;
		return 0;
	case ARGP_KEY_ARGS:
		a->command = state->argv + state->next;
		return 0;
	case ARGP_KEY_END:
		if (a->maker.count > 1)
			argp_error(state, "one --maker only");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[-- COMMAND...]",
	.doc = "Simulate devices: the real agent over emulated flash, on pseudo-terminals, TCP or USB. With COMMAND, run it and end "
	       "with its status; else run until interrupted.",
	.children = children,
};

struct fleet {
	struct imp_crypto *crypto;
	struct imp_key factory;
	struct imp_signer signer;
	struct imp_pub maker;
	struct imp_catalog vendor;
	struct identities who;
	struct imp_sim_fault fault[FAULTS_MAX];
	struct imp_sim *sim;
};

static void fleet_close(struct fleet *f)
{
	imp_sim_close(&f->sim);
	imp_catalog_fini(&f->vendor);
	identities_fini(&f->who);
	imp_key_fini(&f->factory);
	imp_crypto_free(&f->crypto);
}

/* Mistakes in descriptions go to standard error. */
static int read_vendor(const struct args *a, struct fleet *f, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret text = { 0 };
	int said, rc = 0;

	for (size_t i = 0; !rc && i < a->vendor.count; i++)
		rc = imp_catalog_add_file(&f->vendor, a->vendor.path[i], &text, err);
	said = mistakes_say(&text, rc ? NULL : err);
	return rc ? rc : said;
}

static void print_event(void *ctx, size_t device, const char *what)
{
	const struct args *a = ctx;

	fprintf(stderr, "%s/%zu: %s\n", a->dir, device, what);
}

/* Each device takes two descriptors. */
static void raise_limit(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < l.rlim_max) {
		l.rlim_cur = l.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &l);
	}
}

static int open_sim(struct args *a, struct fleet *f, struct imp_error *err)
{
	const struct imp_sim_options o = {
		.dir = a->dir,
		.tcp = a->way.tcp.host[0] ? &a->way.tcp : NULL,
		.home = a->way.home.host[0] ? &a->way.home : NULL,
		.every_s = a->way.every_s,
		.usb = a->way.usb,
		.identity = f->who.identity,
		.count = f->who.count,
		.maker = a->maker.count > 0 ? &f->maker : NULL,
		.production = a->production,
		.factory = a->factory ? &f->signer : NULL,
		.vendor = &f->vendor,
		.fault = f->fault,
		.faults = a->faults,
		.seed = a->seed,
		.event = print_event,
		.ctx = a,
	};

	raise_limit();
	return imp_sim_open(&f->sim, f->crypto, &o, err);
}

static int open_fleet(struct args *a, struct fleet *f, struct imp_error *err)
{
	const char *test = NULL;
	int rc = imp_crypto_new(&f->crypto, err);

	if (!rc)
		rc = pubs_read(f->crypto, &a->maker, &f->maker, &test, err);
	if (!rc && a->factory)
		rc = signer_read(f->crypto, a->factory, a->pass_fd, &f->factory,
				 &f->signer, err);
	if (!rc && a->factory && f->factory.class == IMP_CLASS_TEST)
		test = a->factory;
	if (!rc && a->production && test)
		rc = imp_fail(err, IMP_EPOLICY,
			      "%s: is a test key, and the devices are for production",
			      test);
	for (size_t i = 0; !rc && i < a->faults; i++)
		rc = imp_sim_fault_parse(a->fault[i], &f->fault[i], err);
	if (!rc)
		rc = read_vendor(a, f, err);
	if (!rc)
		rc = identities_read(a->csv, a->count, &f->who, err);
	if (!rc)
		rc = open_sim(a, f, err);
	return rc ? rc : imp_sim_settle(f->sim, cli_cancel_fd(), err);
}

/* The command gets the process as it was; a device named for others is not its. */
static pid_t spawn(char **command, const char *dir)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	cli_put_back();
	setenv("IMPRINT_SIM", dir, 1);
	unsetenv("IMPRINT_DEVICE");
	execvp(command[0], command);
	fprintf(stderr, "imprint: %s: %s\n", command[0], strerror(errno));
	_exit(127);
}

/* Serve until the command ends; a signal to us is handed on to it, once. */
static int serve_command(struct fleet *f, pid_t pid, int pidfd, struct imp_error *err)
{
	int stop[] = { pidfd, cli_cancel_fd() };
	int which = imp_sim_run(f->sim, stop, COUNTOF(stop), err);

	if (which != 1)
		return which;
	kill(pid, SIGTERM);
	return imp_sim_run(f->sim, stop, 1, err);
}

static int run_command(const struct args *a, struct fleet *f, struct imp_error *err)
{
	pid_t pid = spawn(a->command, a->dir);
	int status = 0, rc, fd = pid > 0 ? pidfd_open(pid, 0) : -1;

	if (pid < 0 || fd < 0)
		return imp_fail(err, IMP_ERESOURCE, "%s: %s", a->command[0],
				strerror(errno));
	rc = serve_command(f, pid, fd, err);
	close(fd);
	if (rc < 0)
		kill(pid, SIGTERM);
	waitpid(pid, &status, 0);
	if (rc < 0)
		return rc;
	fleet_close(f);
	fflush(stdout);
	exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(fleet_close) struct fleet f = { 0 };
	struct args a = { 0 };
	int rc;

	(void)cli;
	cli_parse(&cmd_simulate, argc, argv, &a);
	rc = open_fleet(&a, &f, err);
	if (rc)
		return rc;
	if (!a.command)
		announce(f.sim, f.who.identity, f.who.count, a.report.json);
	if (a.command)
		return run_command(&a, &f, err);
	rc = imp_sim_run(f.sim, (int[]){ cli_cancel_fd() }, 1, err);
	return rc < 0 ? rc : 0;
}

const struct cli_cmd cmd_simulate = {
	.name = "simulate",
	.brief = "simulate devices on pseudo-terminals, TCP or USB",
	.argp = &argp,
	.run = run,
	.basic = true,
};
