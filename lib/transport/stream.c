/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes through a descriptor, and words for a line that breaks. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "transport/stream.h"
#include "transport/wait.h"

int line_is_gone(const struct imp_transport *t, const char *name, const char *how,
		 struct imp_error *err)
{
	return imp_fail(err, IMP_ETRANSPORT,
			"%s: %s after %" PRIu64 " byte%s sent, %" PRIu64 " received",
			name, how, t->written, imp_plural(t->written), t->read);
}

int line_is_gone_after(size_t done, size_t all, const char *name, const char *how,
		       struct imp_error *err)
{
	return imp_fail(err, IMP_ETRANSPORT, "%s: %s after %zu of %zu byte%s", name, how,
			done, all, imp_plural(all));
}

int takes_no_more(size_t done, size_t all, const char *name, struct imp_error *err)
{
	return imp_fail(err, IMP_ETRANSPORT, "%s: takes no more bytes, after %zu of %zu",
			name, done, all);
}

/* How a line ended, by errno; NULL: it did not. */
static const char *ended(const struct stream *s, int why)
{
	static const int gone[] = { EIO, ENODEV, ENXIO, EPIPE, ECONNRESET };

	if (why == ETIMEDOUT)
		return "the other side no longer answers";
	for (size_t i = 0; i < COUNTOF(gone); i++)
		if (why == gone[i])
			return s->ends;
	return NULL;
}

static bool is_busy(int why)
{
	return why == EAGAIN || why == EINTR;
}

/* A socket that the peer has closed must not end the process. */
static ssize_t put(const struct stream *s, struct imp_span bytes)
{
	return s->is_socket ? send(s->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL)
			    : write(s->fd, bytes.ptr, bytes.len);
}

/* What to do about a line that ended. */
static int hint_unheard(const struct stream *s, int rc, struct imp_error *err)
{
	return s->unheard && s->base.read == 0 ? imp_hint(err, rc, "%s", s->unheard) : rc;
}

static int write_failed(const struct stream *s, size_t done, size_t all,
			struct imp_error *err)
{
	int why = errno;
	const char *how = ended(s, why);

	int rc = line_is_gone_after(done, all, s->name, how ? how : strerror(why), err);

	return how ? hint_unheard(s, rc, err) : rc;
}

int stream_write(struct imp_transport *base, struct imp_span bytes,
		 const struct imp_wait *wait, struct imp_error *err)
{
	struct stream *s = (struct stream *)base;
	size_t done = 0;

	while (done < bytes.len) {
		ssize_t n =
			put(s, (struct imp_span){ bytes.ptr + done, bytes.len - done });
		int rc;

		if (n > 0) {
			done += (size_t)n;
			base->written += (uint64_t)n;
			continue;
		}
		if (n < 0 && !is_busy(errno))
			return write_failed(s, done, bytes.len, err);
		rc = wait_for(s->fd, POLLOUT, wait, s->name, err);
		if (rc < 0)
			return imp_wrap(err, rc, "%s: after %zu of %zu bytes", s->name,
					done, bytes.len);
		if (rc == 0)
			return takes_no_more(done, bytes.len, s->name, err);
	}
	return 0;
}

static int read_failed(const struct stream *s, struct imp_error *err)
{
	int why = errno;
	const char *how = ended(s, why);

	int rc = line_is_gone(&s->base, s->name, how ? how : strerror(why), err);

	return how ? hint_unheard(s, rc, err) : rc;
}

int stream_read(struct imp_transport *base, uint8_t *buf, size_t cap, size_t *len,
		const struct imp_wait *wait, struct imp_error *err)
{
	struct stream *s = (struct stream *)base;

	*len = 0;
	for (;;) {
		int rc = wait_for(s->fd, POLLIN, wait, s->name, err);
		ssize_t n = rc > 0 ? read(s->fd, buf, cap) : 0;

		if (rc <= 0)
			return rc;
		if (n == 0)
			return hint_unheard(s, line_is_gone(base, s->name, s->ends, err),
					    err);
		if (n < 0 && !is_busy(errno))
			return read_failed(s, err);
		if (n < 0)
			continue;
		base->read += (uint64_t)n;
		*len = (size_t)n;
		return 0;
	}
}

void stream_free(struct stream *s)
{
	if (s->fd >= 0)
		close(s->fd);
	free(s->name);
	free(s);
}
