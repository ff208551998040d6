/* SPDX-License-Identifier: Apache-2.0 */
/* imprint lock, floor, wipe, policy, retire: one signed command of the owner each. */
#include <stdlib.h>

#include "commands.h"
#include "issue/issuer.h"
#include "owner.h"

struct args {
	struct owner_args owner;
	uint64_t sequence;	    /* 0: the next one that the device takes */
	struct imp_command command; /* what the options say of it */
};

enum { OPT_RECOVERY = 0x100, OPT_SEQUENCE, OPT_CHALLENGED };

#define SEQUENCE_OPTION                                                                \
	{                                                                              \
		"sequence", OPT_SEQUENCE, "N", 0,                                      \
			"Sequence in domain 0 (default with -d: the device's next)", 0 \
	}

static const struct argp_option floor_options[] = {
	{ "raise", 'R', "DOMAIN=EPOCH", 0, "Raise DOMAIN (1 to 15) to EPOCH; repeatable",
	  0 },
	{ 0 },
};

static const struct argp_option wipe_options[] = {
	{ "domain", 'D', "N", 0, "Wipe domain N, 0 to 15; repeatable", 0 },
	SEQUENCE_OPTION,
	{ 0 },
};

static const struct argp_option policy_options[] = {
	{ "allow-recovery", OPT_RECOVERY, NULL, 0,
	  "Let the maker's key recover the device", 0 },
	{ "only-challenges", OPT_CHALLENGED, NULL, 0,
	  "Let it prove itself, and say who it is, to challenges only", 0 },
	SEQUENCE_OPTION,
	{ 0 },
};

static const struct argp_option retire_options[] = { SEQUENCE_OPTION, { 0 } };

/* DOMAIN=EPOCH */
static void add_floor(struct argp_state *state, struct imp_command *m, const char *arg)
{
	char *end;
	unsigned long domain = strtoul(arg, &end, 10);

	if (arg[0] < '0' || arg[0] > '9' || *end != '=' || domain < 1 || domain > 15)
		argp_error(state,
			   "--raise: '%s' is not DOMAIN=EPOCH with a domain from 1 to 15",
			   arg);
	m->floor[domain] = (uint32_t)cli_number(state, "--raise", end + 1, 1, UINT32_MAX);
	m->domains |= (uint16_t)(1u << domain);
}

/* The options of all five; each command's table says which of them it has. */
static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;
	struct imp_command *m = &a->command;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->owner;
		return 0;
	case 'R':
		add_floor(state, m, arg);
		return 0;
	case 'D':
		m->domains |= (uint16_t)(1u << cli_number(state, "--domain", arg, 0, 15));
		return 0;
	case OPT_SEQUENCE:
		a->sequence = cli_number(state, "--sequence", arg, 1, INT64_MAX);
		return 0;
	case OPT_RECOVERY:
		m->policy |= IMP_POLICY_RECOVERY;
		return 0;
	case OPT_CHALLENGED:
		m->policy |= IMP_POLICY_CHALLENGED;
		return 0;
	case ARGP_KEY_END:
		if (m->op == IMP_OP_FLOOR && m->domains == 0)
			argp_error(state, "missing --raise DOMAIN=EPOCH");
		if (m->op == IMP_OP_WIPE && m->domains == 0)
			argp_error(state, "missing --domain N");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int make(struct owner *o, const struct imp_target *target, uint32_t epoch,
		struct imp_writer *w, struct imp_error *err)
{
	const struct args *a = o->ctx;
	struct imp_command m = a->command;
	bool sequenced = m.op != IMP_OP_LOCK && m.op != IMP_OP_FLOOR;
	uint8_t payload[512];
	struct imp_writer p = imp_writer(payload, sizeof(payload));

	if (sequenced && target->ueid.len == 0)
		return imp_fail(err, IMP_EUSAGE, "%s: is for one device, not for a class",
				o->verb);
	m.target = *target;
	m.owner_epoch = epoch;
	if (sequenced)
		m.sequence = a->sequence ? a->sequence : o->next;
	if (sequenced && m.sequence == 0)
		return imp_hint(
			err,
			imp_fail(err, IMP_EUSAGE, "%s: missing --sequence N", o->verb),
			"above the device's sequence in domain 0: verify --json tells");
	imp_command_encode(&m, &p);
	return imp_issuer_sign(o->crypto, &o->signer, o->args->form.many,
			       IMP_KIND_COMMAND, (struct imp_span){ 0 }, imp_written(&p),
			       w, err);
}

static int run(const struct cli *cli, int argc, char **argv, struct imp_error *err)
{
	CLEANUP(owner_close)
	struct owner o = { .verb = cli->cmd->name,
			   .make = make,
			   .learns = true,
			   .verifier.takes_revoked = true };
	struct args a = { .command.op = (enum imp_op)cli->cmd->variant };
	int rc;

	cli_parse(cli->cmd, argc, argv, &a);
	o.ctx = &a;
	rc = owner_open(&o, &a.owner, err);
	return rc ? rc : owner_run(&o, &a.owner, err);
}

static const struct argp_child children[] = { { &owner_argp, 0, NULL, 0 }, { 0 } };

static const struct argp lock_argp = {
	.parser = parse,
	.doc = "Lock devices: a mark that is never taken off. verify --require-locked asks for it.",
	.children = children,
};

static const struct argp floor_argp = {
	.options = floor_options,
	.parser = parse,
	.doc = "Raise domain-epochs: whatever was signed for a lower one is dead. Never lowered again.",
	.children = children,
};

static const struct argp wipe_argp = {
	.options = wipe_options,
	.parser = parse,
	.doc = "Wipe the settings of domains. Pairs stay, so old packages stay refused.",
	.children = children,
};

static const struct argp policy_argp = {
	.options = policy_options,
	.parser = parse,
	.doc = "Set the policy of devices as a whole: what is not named is off.",
	.children = children,
};

static const struct argp retire_argp = {
	.options = retire_options,
	.parser = parse,
	.doc = "Decommission devices: every domain is wiped and nothing is accepted any more, for good.",
	.children = children,
};

const struct cli_cmd cmd_lock = {
	.name = "lock",
	.brief = "lock devices for good",
	.argp = &lock_argp,
	.run = run,
	.variant = IMP_OP_LOCK,
};

const struct cli_cmd cmd_floor = {
	.name = "floor",
	.brief = "raise the domain-epochs of devices",
	.argp = &floor_argp,
	.run = run,
	.variant = IMP_OP_FLOOR,
};

const struct cli_cmd cmd_wipe = {
	.name = "wipe",
	.brief = "wipe domains of devices",
	.argp = &wipe_argp,
	.run = run,
	.variant = IMP_OP_WIPE,
};

const struct cli_cmd cmd_policy = {
	.name = "policy",
	.brief = "set the policy of devices",
	.argp = &policy_argp,
	.run = run,
	.variant = IMP_OP_POLICY,
};

const struct cli_cmd cmd_retire = {
	.name = "retire",
	.brief = "decommission devices for good",
	.argp = &retire_argp,
	.run = run,
	.variant = IMP_OP_DECOMMISSION,
};
