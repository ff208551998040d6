/* SPDX-License-Identifier: Apache-2.0 */
/* Which ledger, and who writes it. */
#include <argp.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli.h"
#include "ledgerarg.h"
#include "note.h"
#include "statedir.h"
#include "version.h"

enum { OPT_LEDGER = 0x500, OPT_STATION, STATION_MAX = 64 };

static const struct argp_option options[] = {
	{ "ledger", OPT_LEDGER, "FILE", 0,
	  "The ledger: a file, or a postgresql:// URL (default: $IMPRINT_LEDGER)", 0 },
	{ "station", OPT_STATION, "WORD", 0,
	  "Write into the ledger as the station WORD (default: the host's name)", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct ledger_args *a = state->input;

	switch (key) {
	case OPT_LEDGER:
		a->name = arg;
		return 0;
	case OPT_STATION:
		a->station = cli_text(state, "--station", arg, STATION_MAX);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp ledger_argp = { .options = options, .parser = parse };

static const char *name_of(const struct ledger_args *a)
{
	const char *env = getenv("IMPRINT_LEDGER");

	return a->name ? a->name : env && *env ? env : NULL;
}

bool ledger_is_named(const struct ledger_args *a)
{
	return name_of(a);
}

static int own_ledger(char out[PATH_MAX], bool make, struct imp_error *err)
{
	int rc = state_path("ledger.db", make, out, err);

	return rc == -IMP_EUSAGE
		       ? imp_fail(err, IMP_EUSAGE, "no ledger: expected --ledger FILE")
		       : rc;
}

int ledger_make_file(const struct ledger_args *a, char made[PATH_MAX],
		     struct imp_error *err)
{
	const char *name = name_of(a);
	int rc = 0, fd;

	if (name)
		snprintf(made, PATH_MAX, "%s", name);
	else
		rc = own_ledger(made, true, err);
	fd = rc || strstr(made, "://")
		     ? -1
		     : open(made, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		made[0] = '\0';
	else
		close(fd);
	return rc;
}

void ledger_drop_file(const char *made)
{
	static const char *const end[] = { "-wal", "-shm", "" };
	char path[PATH_MAX];

	for (size_t i = 0; *made && i < COUNTOF(end); i++) {
		snprintf(path, sizeof(path), "%.4000s%s", made, end[i]);
		unlink(path);
	}
}

int ledger_open(const struct ledger_args *a, const struct ledger_new *how,
		struct imp_ledger **out, struct imp_error *err)
{
	char path[PATH_MAX], host[STATION_MAX + 1] = "";
	struct imp_ledger_config config = { .name = name_of(a),
					    .create = how && how->make,
					    .empty = how && how->empty,
					    .origin = how ? how->origin : NULL,
					    .station = a->station,
					    .tool = "imprint " IMPRINT_VERSION,
					    .cancel_fd = cli_cancel_fd() };
	int rc = 0;

	if (!config.name) {
		rc = own_ledger(path, config.create, err);
		config.name = path;
	}
	if (!config.station && gethostname(host, sizeof(host) - 1) == 0 && host[0] &&
	    imp_text_clean(imp_span_str(host)))
		config.station = host;
	if (!rc)
		rc = imp_ledger_open(&config, out, err);
	if (!rc && imp_ledger_kept(*out))
		say_note("%s: was brought up to date; as it was: %s",
			 imp_ledger_name(*out), imp_ledger_kept(*out));
	return rc;
}
