/* SPDX-License-Identifier: Apache-2.0 */
/* The table of commands, a line each, in the order of the work. */
#include "commands.h"

/* clang-format off */
const struct cli_cmd *const cli_cmds[] = {
	&cmd_init,
	&cmd_keygen,
	&cmd_key,
	&cmd_devices,
	&cmd_doctor,
	&cmd_enroll,
	&cmd_claim,
	&cmd_check,
	&cmd_build,
	&cmd_sign,
	&cmd_approve,
	&cmd_encrypt,
	&cmd_pack,
	&cmd_push,
	&cmd_verify,
	&cmd_serve,
	&cmd_diff,
	&cmd_inspect,
	&cmd_open,
	&cmd_grant,
	&cmd_transfer,
	&cmd_revoke,
	&cmd_ledger,
	&cmd_log,
	&cmd_audit,
	&cmd_lock,
	&cmd_floor,
	&cmd_wipe,
	&cmd_policy,
	&cmd_retire,
	&cmd_challenge,
	&cmd_import,
	&cmd_export,
	&cmd_simulate,
	&cmd_help,
	NULL,
};
/* clang-format on */

const struct cli_cmd *const cli_hidden[] = { &cmd_complete, &cmd_options, NULL };
