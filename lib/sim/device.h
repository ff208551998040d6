/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A simulated device: the real agent over emulated flash in a file, keys in a file, and a
 * pseudo-terminal.
 *
 * Source: imprint-simulate(1).
 */
#ifndef IMP_SIM_DEVICE_H
#define IMP_SIM_DEVICE_H

#include "agent/link.h"
#include "base/secret.h"
#include "sim/fault.h"

enum {
	IMP_SIM_HALF = 32768,	 /* bytes of each flash half */
	IMP_SIM_UNIT = 16,	 /* write unit of the flash */
	IMP_SIM_FAULTS_MAX = 16, /* faults of one device */
	IMP_SIM_OEMID = 32473, /* private enterprise number for documentation: RFC 5612 */
};

struct imp_sim_identity {
	char imei[16], iccid[24], serial[33]; /* empty where unknown */
};

struct imp_sim_device {
	unsigned number;	   /* 1.. */
	struct imp_crypto *crypto; /* shared by all devices; borrowed */
	struct imp_sim_identity identity;
	uint8_t ueid[15];
	struct imp_board board;
	struct imp_port port;
	struct imp_pub maker;
	uint8_t endorsement[512];
	int flash_fd, keys_fd;
	uint8_t key[2][32]; /* signing, sealing */
	struct imp_pub pub[2];
	bool has_key[2];
	uint32_t boots;
	uint32_t dbgstat;
	struct imp_agent agent;
	struct imp_link link;
	/* The line. */
	int master, keeper; /* pseudo-terminal; an open slave so that the master never
			       hangs up */
	char link_path[256];
	struct imp_secret pending; /* bytes to be sent */
	size_t pending_at;
	uint64_t received;
	uint64_t next_send_ns; /* slow lines */
	uint64_t reboot_at_ns; /* powered off until then; 0: on */
	/* Faults. */
	struct imp_fault fault[IMP_SIM_FAULTS_MAX];
	size_t faults;
	unsigned flash_ops, requests, answers;
	struct imp_secret replay;    /* first evidence, for lie:replay */
	struct imp_sim_device *peer; /* whom swap trades with */
};

struct imp_sim_setup {
	const char *dir;
	struct imp_sim_identity identity;
	const struct imp_pub *maker;	       /* or NULL */
	const struct imp_signer *factory;      /* or NULL */
	const struct imp_sim_device *clone_of; /* or NULL */
};

/* Open or create the device's files, boot its agent. 0, -IMP_EUSAGE, -IMP_ERESOURCE. */
int imp_sim_device_open(struct imp_sim_device *d, struct imp_crypto *crypto,
			const struct imp_sim_setup *setup, struct imp_error *err)
	IMP_MUST_CHECK;
void imp_sim_device_close(struct imp_sim_device *d);
/* Power on again: the agent boots from flash. */
void imp_sim_device_boot(struct imp_sim_device *d);
/* Bytes from the host. Answers are appended to d->pending. */
void imp_sim_device_feed(struct imp_sim_device *d, struct imp_span bytes);
const struct imp_fault *imp_sim_fault(const struct imp_sim_device *d,
				      enum imp_fault_kind kind);

#endif
