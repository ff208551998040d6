/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transfer: change of owner. The first one is a claim; a recovery is one by the maker.
 *
 * A claim has new owner-epoch 1 and 32 zero bytes as previous record, and may target a
 * class. The others target one device and may keep domains; a recovery has the device's
 * recovery nonce. Source: imprint-formats(7), claim, transfer.
 */
#ifndef IMP_OBJECT_TRANSFER_H
#define IMP_OBJECT_TRANSFER_H

#include "object/approval.h"
#include "object/target.h"

enum imp_policy {
	IMP_POLICY_RECOVERY = 1 << 0,	/* the maker's key may recover the device */
	IMP_POLICY_CHALLENGED = 1 << 1, /* attest only to challenges */
	IMP_POLICY_ALL = IMP_POLICY_RECOVERY | IMP_POLICY_CHALLENGED,
};

struct imp_transfer {
	uint32_t owner_epoch; /* the new one */
	struct imp_target target;
	struct imp_pub owner; /* the new one: a signing key */
	struct imp_approval approval;
	uint32_t policy;	  /* enum imp_policy bits */
	struct imp_span previous; /* owner record id, 32 bytes; zeros in a claim */
	bool has_kept;
	uint16_t kept;		  /* bit d: domain d is kept */
	struct imp_span recovery; /* recovery nonce, 16 bytes, or empty */
};

/* "recovery allowed"; NULL for bits that are none. */
const char *imp_policy_name(uint32_t policy);

enum imp_change { IMP_CHANGE_CLAIM, IMP_CHANGE_TRANSFER, IMP_CHANGE_RECOVERY };

/* What it is: a claim where its epoch or its previous record is a claim's. */
enum imp_change imp_transfer_change(const struct imp_transfer *t);
const char *imp_change_name(enum imp_change change); /* "claim" */

/* Decode a payload; spans are borrowed. 0, or -IMP_EFORMAT. */
int imp_transfer_decode(struct imp_span in, struct imp_transfer *out,
			struct imp_error *err) IMP_MUST_CHECK;
void imp_transfer_encode(const struct imp_transfer *t, struct imp_writer *w);

#endif
