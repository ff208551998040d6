/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages: the requests and responses of group 4096, and the two of the OS group that
 * are used.
 *
 * Each is a CBOR map with text keys. Requests and responses are read leniently in form
 * (any order, indefinite lengths: stock Zephyr emits them; unknown keys passed over) and
 * strictly in substance. Decoders borrow from their input. Source: imprint-protocol(7).
 */
#ifndef IMP_WIRE_MESSAGE_H
#define IMP_WIRE_MESSAGE_H

#include "base/error.h"
#include "cbor/reader.h"
#include "cbor/writer.h"
#include "wire/smp.h"

enum imp_command_id {
	IMP_DESCRIBE = 0,
	IMP_STAGE = 1,
	IMP_APPLY = 2,
	IMP_ATTEST = 3,
	IMP_ENROLL = 4,
	IMP_HISTORY = 5,
};

enum { IMP_PROTOCOL_VERSION = 1, IMP_MESSAGE_DOMAINS = 16 };

/* Any request; each command uses some of the fields. Empty spans and false flags: not
 * there. */
struct imp_request {
	struct imp_span nonce; /* stage, apply, attest, enroll */
	struct imp_span
		challenge;    /* attest, enroll, history: one encoded message as bytes */
	struct imp_span r;    /* with challenge */
	struct imp_span sha;  /* stage at off 0, apply: 32 bytes */
	struct imp_span data; /* stage */
	bool has_off, has_len, has_from;
	uint32_t off, len, from;
	struct imp_span echo; /* OS echo: text */
};

/* A request's fields, whichever they are. False where the body is not a map or a field
 * has another type. */
bool imp_request_decode(struct imp_span body, struct imp_request *out);
/* Put the fields that are there, as one map. */
void imp_request_encode(const struct imp_request *q, struct imp_writer *w);

/* What describe says of a domain. */
struct imp_described {
	uint32_t domain_epoch;
	uint64_t sequence;
	struct imp_span id; /* 32 bytes */
};

/* Hints: unsigned. Under policy bit 1 only version, buffer and framings are there. */
struct imp_describe {
	bool v1;	 /* version 1 is among v */
	bool restricted; /* only v, buf, framings were there */
	struct imp_span ueid;
	bool has_oemid;
	uint32_t oemid;
	struct imp_span hwmodel;
	uint32_t life;
	struct imp_span signing, sealing; /* kids; empty before enroll */
	bool owned;
	struct imp_span owner, record; /* where owned */
	uint32_t owner_epoch;
	uint16_t domains;
	struct imp_described domain[IMP_MESSAGE_DOMAINS];
	uint32_t buf;	 /* bytes of the largest packet that the device takes */
	bool cobs, bare; /* framings */
	bool staged;
	uint32_t staged_off;
	struct imp_span staged_sha;
};

int imp_describe_decode(struct imp_span body, struct imp_describe *out,
			struct imp_error *err) IMP_MUST_CHECK;
void imp_describe_encode(const struct imp_describe *d, struct imp_writer *w);

/* Any other response, errors included. */
struct imp_response {
	bool has_off;
	uint32_t off;		  /* stage */
	struct imp_span evidence; /* stage, apply, attest */
	struct imp_span card;	  /* enroll */
	bool again;
	struct imp_span base;	 /* history: the encoded map {domain => [n, H]} */
	struct imp_span entries; /* history: the encoded array of 82-byte strings */
	bool has_total;
	uint32_t total;
	struct imp_span echo;	      /* OS echo: text */
	uint32_t buf_size, buf_count; /* OS params; 0 where absent */
	/* Errors. */
	bool failed;
	uint32_t rc;	/* SMP's own error, or the reason of group */
	uint32_t group; /* 0 where rc is SMP's own */
};

int imp_response_decode(struct imp_span body, struct imp_response *out,
			struct imp_error *err) IMP_MUST_CHECK;
void imp_response_encode(const struct imp_response *r, struct imp_writer *w);

#endif
