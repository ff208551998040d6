/* SPDX-License-Identifier: Apache-2.0 */
/* A board in RAM for the agent's tests: two halves of flash that can be cut at any
 * operation, keys in software. */
#ifndef IMPRINT_TEST_BOARD_H
#define IMPRINT_TEST_BOARD_H

#include "agent/agent.h"
#include "crypto/host.h"

enum { BOARD_HALF = 24 * 1024, BOARD_UNIT = 16 };

struct board {
	struct imp_board constants;
	struct imp_port port;
	struct imp_crypto *crypto;
	struct imp_pub maker;
	uint8_t ueid[15];
	uint8_t flash[2][BOARD_HALF];
	uint8_t signing[32], sealing[32]; /* private keys */
	bool has_key[2];
	struct imp_pub pub[2];
	uint32_t boots;
	unsigned ops;	     /* flash operations so far */
	unsigned cut_at;     /* 0: never; else this operation and all after it fail */
	bool torn;	     /* the operation that is cut is done by half */
	unsigned check_says; /* reason that check() gives */
	unsigned activations;
	uint32_t active_len[16];
	struct imp_agent agent;
};

/* serial distinguishes devices: the last IMEI digit. */
void board_init(struct board *b, struct imp_crypto *crypto, unsigned serial,
		bool with_maker);
/* Power on: boots the agent. */
int board_boot(struct board *b);
/* One request, one response; the response's body is borrowed until the next call. */
struct imp_span board_ask(struct board *b, uint16_t group, uint8_t id, uint8_t op,
			  struct imp_span body);
/* Stage an object in one packet with a nonce and apply it. The reason, 0 when it was
 * taken. */
unsigned board_push(struct board *b, struct imp_span object, bool *again);

/* The parties. */
struct party {
	struct imp_crypto *crypto;
	uint8_t d[32];
	uint8_t kid[32];
	struct imp_signer signer;
};

void party_init(struct party *p, struct imp_crypto *crypto);

#endif
