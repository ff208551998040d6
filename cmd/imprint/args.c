/* SPDX-License-Identifier: Apache-2.0 */
/* Option groups that commands share. */
#include <string.h>

#include "args.h"

enum {
	OPT_FORCE = 0x200,
	OPT_PASS_FD,
	OPT_TIMEOUT,
	OPT_ID,
	OPT_JSON,
	OPT_TO_APPROVE,
	FD_MAX = 1023
};

static const struct argp_option out_options[] = {
	{ "output", 'o', "FILE", 0, "Write to FILE instead of standard output", 0 },
	{ "force", OPT_FORCE, NULL, 0, "Replace FILE where it exists", 0 },
	{ 0 },
};

static error_t out_parse(int key, char *arg, struct argp_state *state)
{
	struct out_args *a = state->input;

	switch (key) {
	case 'o':
		a->path = arg;
		return 0;
	case OPT_FORCE:
		a->force = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp out_argp = { .options = out_options, .parser = out_parse };

static const struct argp_option file_options[] = {
	{ "output", 'o', "FILE", 0, "Write to FILE; standard output is not taken", 0 },
	{ "force", OPT_FORCE, NULL, 0, "Replace FILE where it exists", 0 },
	{ 0 },
};

static error_t file_parse(int key, char *arg, struct argp_state *state)
{
	const struct out_args *a = state->input;

	if (key == ARGP_KEY_END && a->path && strcmp(a->path, "-") == 0)
		argp_error(state, "-o: expected a file, not standard output");
	return out_parse(key, arg, state);
}

const struct argp file_argp = { .options = file_options, .parser = file_parse };

static const struct argp_option key_options[] = {
	{ "key", 'k', "KEY", 0,
	  "Sign with the private key KEY: a file, or one in hardware, see imprint-keys(7)",
	  0 },
	{ "pass-fd", OPT_PASS_FD, "FD", 0,
	  "Read the passphrase of each encrypted key, or the PIN of each token, from the descriptor FD, a line a key",
	  0 },
	{ 0 },
};

static error_t key_parse(int key, char *arg, struct argp_state *state)
{
	struct key_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		a->pass_fd = -1;
		return 0;
	case 'k':
		a->path = arg;
		return 0;
	case OPT_PASS_FD:
		a->pass_fd = (int)cli_number(state, "--pass-fd", arg, 0, FD_MAX);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp key_argp = { .options = key_options, .parser = key_parse };

static const struct argp_option form_options[] = {
	{ "to-approve", OPT_TO_APPROVE, NULL, 0,
	  "Others approve it: sign it so that imprint approve can add their signatures",
	  0 },
	{ 0 },
};

static error_t form_parse(int key, char *arg, struct argp_state *state)
{
	struct form_args *a = state->input;

	(void)arg;
	if (key != OPT_TO_APPROVE)
		return ARGP_ERR_UNKNOWN;
	a->many = true;
	return 0;
}

const struct argp form_argp = { .options = form_options, .parser = form_parse };

static const struct argp_option port_options[] = {
	{ "device", 'd', "DEVICE", 0,
	  "Talk to DEVICE: a serial port, usb:, tcp:HOST:PORT or all, see imprint-device(7); repeatable, in parallel "
	  "(default: $IMPRINT_DEVICE)",
	  0 },
	{ "timeout", OPT_TIMEOUT, "SECONDS", 0,
	  "Give each device SECONDS in all (default 20)", 0 },
	{ 0 },
};

static error_t port_parse(int key, char *arg, struct argp_state *state)
{
	enum { DEFAULT_MS = 20000, SECONDS_MAX = 3600 };
	struct dev_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		a->timeout_ms = DEFAULT_MS;
		return 0;
	case 'd':
		if (a->devices == DEVICES_MAX)
			argp_error(state, "more than %d devices", DEVICES_MAX);
		a->device[a->devices++] = arg;
		return 0;
	case OPT_TIMEOUT:
		a->timeout_ms =
			(uint32_t)cli_number(state, "--timeout", arg, 1, SECONDS_MAX) *
			1000;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp ports_argp = { .options = port_options, .parser = port_parse };

static const struct argp_option dev_options[] = {
	{ "id", OPT_ID, "ID", 0,
	  "Only the device with this serial, imei or ueid; repeatable", 0 },
	{ 0 },
};

static const struct argp_child dev_children[] = { { &ports_argp, 0, NULL, 0 }, { 0 } };

static error_t dev_parse(int key, char *arg, struct argp_state *state)
{
	struct dev_args *a = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = a;
		return 0;
	case OPT_ID:
		if (a->ids == IDS_MAX)
			argp_error(state, "more than %d times --id", IDS_MAX);
		a->id[a->ids++] = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp dev_argp = { .options = dev_options,
			       .parser = dev_parse,
			       .children = dev_children };

static const struct argp_option report_options[] = {
	{ "json", OPT_JSON, NULL, 0, "Report in JSON, one object a line", 0 },
	{ 0 },
};

static error_t report_parse(int key, char *arg, struct argp_state *state)
{
	struct report_args *a = state->input;

	(void)arg;
	if (key != OPT_JSON)
		return ARGP_ERR_UNKNOWN;
	a->json = true;
	return 0;
}

const struct argp report_argp = { .options = report_options, .parser = report_parse };

void path_list_add(struct argp_state *state, struct path_list *l, const char *path)
{
	if (l->count == PATHS_MAX)
		argp_error(state, "more than %zu times the same option", l->count);
	l->path[l->count++] = path;
}

char cli_delimiter(struct argp_state *state, const char *arg)
{
	if (strcmp(arg, "tab") == 0 || strcmp(arg, "\\t") == 0)
		return '\t';
	if (strlen(arg) != 1 || strchr("\"\r\n", arg[0]))
		argp_error(state, "--delimiter: expected one character, or tab");
	return arg[0];
}
