/* SPDX-License-Identifier: Apache-2.0 */
/* Every command, a line each. */
#ifndef IMPRINT_COMMANDS_H
#define IMPRINT_COMMANDS_H

#include "cli.h"

extern const struct cli_cmd cmd_help;
extern const struct cli_cmd cmd_init;
extern const struct cli_cmd cmd_keygen;
extern const struct cli_cmd cmd_key;
extern const struct cli_cmd cmd_approve;
extern const struct cli_cmd cmd_audit;
extern const struct cli_cmd cmd_build;
extern const struct cli_cmd cmd_challenge;
extern const struct cli_cmd cmd_check;
extern const struct cli_cmd cmd_sign;
extern const struct cli_cmd cmd_encrypt;
extern const struct cli_cmd cmd_pack;
extern const struct cli_cmd cmd_export;
extern const struct cli_cmd cmd_import;
extern const struct cli_cmd cmd_devices;
extern const struct cli_cmd cmd_doctor;
extern const struct cli_cmd cmd_enroll;
extern const struct cli_cmd cmd_claim;
extern const struct cli_cmd cmd_push;
extern const struct cli_cmd cmd_verify;
extern const struct cli_cmd cmd_open;
extern const struct cli_cmd cmd_diff;
extern const struct cli_cmd cmd_inspect;
extern const struct cli_cmd cmd_grant;
extern const struct cli_cmd cmd_transfer;
extern const struct cli_cmd cmd_ledger;
extern const struct cli_cmd cmd_log;
extern const struct cli_cmd cmd_lock;
extern const struct cli_cmd cmd_floor;
extern const struct cli_cmd cmd_wipe;
extern const struct cli_cmd cmd_policy;
extern const struct cli_cmd cmd_retire;
extern const struct cli_cmd cmd_revoke;
extern const struct cli_cmd cmd_serve;
extern const struct cli_cmd cmd_simulate;
extern const struct cli_cmd cmd_complete;
extern const struct cli_cmd cmd_options;

#endif
