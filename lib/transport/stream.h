/* SPDX-License-Identifier: Apache-2.0 */
/* Stream: bytes through a descriptor that doesn't block. Private to lib/transport. */
#ifndef IMP_TRANSPORT_STREAM_H
#define IMP_TRANSPORT_STREAM_H

#include "transport/transport.h"

struct stream {
	struct imp_transport base;
	int fd;		  /* owned; -1 */
	char *name;	  /* for messages; owned */
	const char *ends; /* what it means that no byte will come any more: "unplugged" */
	const char *unheard; /* a hint where it ended before a byte came; NULL */
	bool is_socket;
};

/* write and read of struct imp_transport_ops. */
int stream_write(struct imp_transport *base, struct imp_span bytes,
		 const struct imp_wait *wait, struct imp_error *err);
int stream_read(struct imp_transport *base, uint8_t *buf, size_t cap, size_t *len,
		const struct imp_wait *wait, struct imp_error *err);
/* Close the descriptor and free the stream, which starts its allocation. */
void stream_free(struct stream *s);

/* The line is gone, with what was written and read until then. */
int line_is_gone(const struct imp_transport *t, const char *name, const char *how,
		 struct imp_error *err);
/* The same in the middle of a write. */
int line_is_gone_after(size_t done, size_t all, const char *name, const char *how,
		       struct imp_error *err);
/* The deadline passed in the middle of a write. */
int takes_no_more(size_t done, size_t all, const char *name, struct imp_error *err);

#endif
