/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Session: one conversation with one device, in straight lines.
 *
 * Requests are answered by sequence number, group and command; what else comes is passed
 * over. A request that gets no answer is sent again a bounded number of times, within one
 * deadline for the whole session. On a line that carries text the first request goes out
 * in console framing, and a device that announces COBS is spoken to in it from then on;
 * other lines carry bare packets. Source: imprint-protocol(7).
 */
#ifndef IMP_DRIVER_SESSION_H
#define IMP_DRIVER_SESSION_H

#include "crypto/face.h"
#include "transport/transport.h"
#include "wire/frame.h"
#include "wire/message.h"

enum {
	IMP_SESSION_PACKET = 8192, /* bytes of the largest packet that we take */
	IMP_SESSION_TRIES = 4,	   /* how often a request is sent, at most */
};

struct imp_session_setup {
	const char *uri; /* the device's name; borrowed for the session's life */
	const struct imp_usb_ids *usb; /* which USB interfaces are devices; NULL: none */
	struct imp_crypto *crypto;     /* borrowed */
	uint32_t timeout_ms;	       /* for the whole session, opening included */
	int cancel_fd;		       /* becomes readable on cancel; -1 for none */
};

struct imp_session {
	struct imp_transport *transport; /* owned */
	const char *uri;		 /* for messages; borrowed */
	struct imp_crypto *crypto;	 /* borrowed */
	struct imp_wait wait;		 /* of the whole session */
	uint32_t patience_ms;		 /* for one answer, beyond its time on the line */
	enum imp_framing framing;
	uint32_t buf; /* the device's packet buffer, from describe */
	uint8_t sequence;
	struct imp_span challenge; /* what is asked by; empty: a nonce */
	struct imp_span r;	   /* with a challenge: 16 bytes */
	struct imp_deframer deframer;
	uint8_t in[IMP_SESSION_PACKET + 4];
	uint8_t out[IMP_SESSION_PACKET];
	uint8_t wire[IMP_WIRE_MAX(IMP_SESSION_PACKET)];
	/* Counted for reports and tests. */
	uint32_t round_trips, retries;
	uint64_t sent, received; /* bytes on the wire */
	/* How far an upload got, for progress. */
	void (*progress)(void *ctx, uint32_t done, uint32_t total);
	void *progress_ctx;
};

/* Begin on a transport that is open; owned from now on. */
void imp_session_init(struct imp_session *s, struct imp_transport *transport,
		      const struct imp_session_setup *setup);
/* Open the transport and begin. 0, or as imp_transport_open(). */
int imp_session_open(struct imp_session *s, const struct imp_session_setup *setup,
		     struct imp_error *err) IMP_MUST_CHECK;
/* Accepts a zeroed struct. Fits CLEANUP(). */
void imp_session_close(struct imp_session *s);

/*
 * Ask for a description; afterwards the session speaks the best framing and knows the
 * buffer. Spans of *out are borrowed until the next request.
 *
 * 0; -IMP_ETRANSPORT, in words: nothing came, text came (shown), SMP but no group 4096,
 * bytes but no frame (another baud rate?), unplugged; -IMP_EDEVICE (an answer that is
 * none).
 */
int imp_session_describe(struct imp_session *s, struct imp_describe *out,
			 struct imp_error *err) IMP_MUST_CHECK;
/*
 * Upload an object and have it applied with the nonce; one round trip where the buffer
 * allows. A device that lost or kept a part is resumed where it says, a bounded number of
 * times.
 *
 *   out   evidence borrowed until the next request
 *
 * 0; the code of the reason with which the device refuses (*reason set); -IMP_EDEVICE; on
 * -IMP_ETRANSPORT the message tells how far the object got or, once the last chunk was on
 * its way, that the outcome is in doubt.
 */
int imp_session_stage(struct imp_session *s, struct imp_span object,
		      const uint8_t nonce[32], struct imp_response *out, unsigned *reason,
		      struct imp_error *err) IMP_MUST_CHECK;
/*
 * Ask by a challenge from now on: for evidence or a card it goes out in place of the
 * nonce, which the device derives itself, and history is asked for with it.
 *
 *   challenge   one encoded message; empty: by a nonce again; borrowed
 *   r           16 bytes; borrowed
 */
void imp_session_challenge(struct imp_session *s, struct imp_span challenge,
			   struct imp_span r);
/* Evidence, or a card, with a nonce; history entries from a number on. As above;
 * -IMP_EPOLICY where the device's packets have no room for the challenge. */
int imp_session_attest(struct imp_session *s, const uint8_t nonce[32],
		       struct imp_response *out, unsigned *reason, struct imp_error *err)
	IMP_MUST_CHECK;
int imp_session_enroll(struct imp_session *s, const uint8_t nonce[32],
		       struct imp_response *out, unsigned *reason, struct imp_error *err)
	IMP_MUST_CHECK;
int imp_session_history(struct imp_session *s, uint32_t from, struct imp_response *out,
			unsigned *reason, struct imp_error *err) IMP_MUST_CHECK;

#endif
