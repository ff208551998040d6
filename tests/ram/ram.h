/* SPDX-License-Identifier: Apache-2.0 */
/* A board in RAM, for fuzzing and for the probe: two halves of flash that can be cut at
 * any operation, keys in software. A broken promise of the agent's ends the process. */
#ifndef IMPRINT_TEST_RAM_H
#define IMPRINT_TEST_RAM_H

#include "agent/agent.h"
#include "crypto/host.h"
#include "must.h"

enum { RAM_HALF = 24 * 1024, RAM_UNIT = 64, RAM_PACKET = 16 * 1024 };

struct ram {
	struct imp_board board;
	struct imp_port port;
	struct imp_crypto *crypto;
	uint8_t ueid[15];
	struct imp_pub maker;
	uint8_t flash[2][RAM_HALF];
	uint8_t key[2][32]; /* private */
	struct imp_pub pub[2];
	bool signs;	 /* else signatures of the device are bytes that mean nothing */
	unsigned ops;	 /* operations that change what survives */
	unsigned cut_at; /* 0: never; else this one and all after it fail */
	uint32_t boots;
	uint8_t draw, draw_step; /* random bytes are draw, which then grows by the step */
};

/* A new board with keys; nothing runs yet. Set ueid and maker before booting. */
void ram_init(struct ram *r, struct imp_crypto *crypto);
/* The agent starts. 0, or what imp_agent_boot() says. */
int ram_boot(struct ram *r, struct imp_agent *a);
/* Make P-256 keys. */
void ram_key(struct imp_crypto *crypto, uint8_t d[32], struct imp_pub *pub);

#endif
