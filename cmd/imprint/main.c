/* SPDX-License-Identifier: Apache-2.0 */
/* imprint: harden the process, parse the global options, find the subcommand, run it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "cbor/version.h"
#include "commands.h"
#include "crypto/host.h"
#include "datadir.h"
#include "source/tree.h"
#include "version.h"

static int cancel_fd = -1;
/* The same for who asks at each of a million rows. */
static volatile sig_atomic_t cancelled;

int cli_cancel_fd(void)
{
	return cancel_fd;
}

int cli_check_cancel(struct imp_error *err)
{
	return cancelled ? imp_fail(err, IMP_EINTERRUPTED, "interrupted") : 0;
}

/* Caught, then ignored. */
static const int changed[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ };

enum { CAUGHT = 3 };

/* What we change of the process, as it was. */
static struct {
	struct sigaction act[COUNTOF(changed)];
	struct rlimit core, files;
} before;

static void remember(void)
{
	for (size_t i = 0; i < COUNTOF(changed); i++)
		sigaction(changed[i], NULL, &before.act[i]);
	getrlimit(RLIMIT_CORE, &before.core);
	getrlimit(RLIMIT_NOFILE, &before.files);
}

void cli_put_back(void)
{
	for (size_t i = 0; i < COUNTOF(changed); i++)
		sigaction(changed[i], &before.act[i], NULL);
	setrlimit(RLIMIT_CORE, &before.core);
	setrlimit(RLIMIT_NOFILE, &before.files);
}

/* The first signal asks every conversation to end; the second one ends the process. */
static void on_signal(int sig)
{
	const uint64_t one = 1;
	int saved = errno;

	(void)sig;
	cancelled = 1;
	if (write(cancel_fd, &one, sizeof(one)) < 0)
		_exit(IMP_EINTERRUPTED);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	errno = saved;
}

static void catch_signals(void)
{
	const struct sigaction sa = { .sa_handler = on_signal };

	cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	/* nohup and background jobs ignore some of them: leave it so. */
	for (size_t i = 0; cancel_fd >= 0 && i < CAUGHT; i++)
		if (before.act[i].sa_handler != SIG_IGN)
			sigaction(changed[i], &sa, NULL);
	/* A closed pipe and a limit on file sizes are write errors: exit statuses. */
	for (size_t i = CAUGHT; i < COUNTOF(changed); i++)
		signal(changed[i], SIG_IGN);
}

/* No core files, no tracing by other processes of this user, no files on descriptors 0
 * to 2: what was closed reads as empty, and cannot be written. The hard limit stays, so
 * that a command of the user's gets its own back. */
static void harden(void)
{
	const struct rlimit none = { 0, before.core.rlim_max };

	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", O_RDONLY);
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

enum { OPT_VERSION = 0x100 };

static const struct argp_option options[] = {
	{ "version", OPT_VERSION, NULL, 0,
	  "Print versions of imprint and its libraries, and where its files lie, and exit",
	  0 },
	{ 0 },
};

static void print_version(void)
{
	char dir[PATH_MAX];

	data_dir(dir, sizeof(dir), "");
	printf("imprint %s (%s)\n%s\n%s\nlibyaml %s\nDATADIR %.*s\n", IMPRINT_VERSION,
	       IMPRINT_COMMIT, imp_crypto_version(), imp_cbor_version(),
	       imp_yaml_version(), (int)strlen(dir) - 1, dir); /* without its slash */
	exit(fflush(stdout) == 0 ? 0 : IMP_ERESOURCE);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	switch (key) {
	case OPT_VERSION:
		print_version();
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "missing COMMAND");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN; /* the first non-option ends parsing */
	}
}

static const struct argp_child children[] = { { &cli_std_argp, 0, NULL, -1 }, { 0 } };

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "COMMAND [ARG...]",
	.doc = "Provision cellular-IoT devices: build, sign, encrypt and push profiles, and prove "
	       "what state each device ends up in.\v"
	       "'imprint help' lists the commands; each has a man page: man imprint-push.",
	.children = children,
};

static void print_error(const struct imp_error *err)
{
	fprintf(stderr, "imprint: %s\n", err->msg[0] ? err->msg : "failed");
}

/* What was printed must have gone out; an error that came earlier left no number. */
static int finish_output(struct imp_error *err)
{
	if (fflush(stdout) != 0)
		return imp_write_failed(NULL, NULL, err);
	return ferror(stdout) ? imp_fail(err, IMP_ERESOURCE,
					 "standard output: not all of it was taken")
			      : 0;
}

int main(int argc, char **argv)
{
	struct imp_error err = { 0 };
	struct cli cli = { 0 };
	const struct cli_cmd *cmd;
	int first = 1, rc;

	remember();
	harden();
	catch_signals();
	argp_err_exit_status = IMP_EUSAGE;
	cli_argp(&argp, argc, argv, &first, &cli);

	cmd = cli_find(argv[first]);
	cli.cmd = cmd;
	rc = cmd ? cmd->run(&cli, argc - first, argv + first, &err)
		 : cli_unknown(argv[first], &err);
	rc = imp_crypto_blame(rc, &err);
	if (!rc)
		rc = finish_output(&err);
	if (rc)
		print_error(&err);
	return -rc;
}
