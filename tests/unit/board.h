/* SPDX-License-Identifier: Apache-2.0 */
/* A board in RAM for the agent's tests: two halves of flash that can be cut at any
 * operation, keys in software. */
#ifndef IMPRINT_TEST_BOARD_H
#define IMPRINT_TEST_BOARD_H

#include "agent/agent.h"
#include "crypto/host.h"
#include "evidence/token.h"
#include "wire/message.h"

enum { BOARD_HALF = 24 * 1024, BOARD_UNIT = 16 };

/* What a cut leaves of the operation that it strikes, and of writes that were not synced.
 */
enum board_cut {
	CUT_CLEAN, /* nothing of it */
	CUT_FRONT, /* its first half */
	CUT_BACK,  /* its second half */
	CUT_LOSES_EVEN,
	CUT_LOSES_ODD, /* of what was not synced, every other unit */
};

struct board {
	struct imp_board constants;
	struct imp_port port;
	struct imp_crypto *crypto;
	struct imp_pub maker;
	uint8_t ueid[15];
	uint8_t flash[2][BOARD_HALF];
	uint8_t synced[2][BOARD_HALF];	  /* flash at the last sync */
	uint8_t signing[32], sealing[32]; /* private keys */
	int32_t sealing_crv;		  /* the other is on P-256 */
	bool has_key[2];
	struct imp_pub pub[2];
	uint32_t boots;
	unsigned ops;	  /* operations that change what survives, so far */
	unsigned cut_at;  /* 0: never; else this operation and all after it fail */
	unsigned fail_at; /* 0: never; else this operation alone fails, undone */
	bool sign_fails;
	enum board_cut cut;
	uint64_t counted;    /* monotonic counter; used after board_add_counter() */
	uint8_t drawn;	     /* random numbers are this, counted up */
	unsigned check_says; /* reason that check() gives */
	unsigned activations;
	uint32_t active_len[16];
	struct imp_agent agent;
};

/* serial distinguishes devices: the last IMEI digit. */
void board_init(struct board *b, struct imp_crypto *crypto, unsigned serial,
		bool with_maker);
void board_add_counter(struct board *b);
/* Power on: boots the agent. */
int board_boot(struct board *b);
/* One request, one response; the response's body is borrowed until the next call. */
struct imp_span board_ask(struct board *b, uint16_t group, uint8_t id, uint8_t op,
			  struct imp_span body);
/* Stage an object in one packet with a nonce: the answer's body, as above. */
struct imp_span board_stage(struct board *b, struct imp_span object);
/* The same, and the reason in the answer: 0 when the object was taken. */
unsigned board_push(struct board *b, struct imp_span object, bool *again);

/* One request with a nonce of 32 bytes that are all `nonce`; false where it is refused.
 */
bool board_request(struct board *b, uint8_t id, uint8_t nonce, struct imp_response *r);
/* Evidence of now, verified; spans are borrowed until the next call. */
void board_attest(struct board *b, struct imp_evidence *e);

/* The parties. */
struct party {
	struct imp_crypto *crypto;
	uint8_t d[32];
	uint8_t kid[32];
	struct imp_signer signer;
};

void party_init(struct party *p, struct imp_crypto *crypto);

#endif
