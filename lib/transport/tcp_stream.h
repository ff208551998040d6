/* SPDX-License-Identifier: Apache-2.0 */
/* A TCP connection, whoever began it. Private to lib/transport. */
#ifndef IMP_TRANSPORT_TCP_STREAM_H
#define IMP_TRANSPORT_TCP_STREAM_H

#include "transport/stream.h"

/* A stream without a socket yet, named tcp:PEER; stream_free(). NULL: out of memory. */
struct stream *tcp_stream(const char *peer);
/* Small requests leave at once; a peer that is gone is noticed without a word from it. */
void tcp_tune(int fd);
/* close of struct imp_transport_ops. */
void tcp_close(struct imp_transport *base);

#endif
