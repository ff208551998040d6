/* SPDX-License-Identifier: Apache-2.0 */
/* Formatted text into an output. */
#include "stream.h"
#include "base/wipe.h"

/* For stdio, which forgets why it failed. */
static ssize_t put(void *ctx, const char *bytes, size_t len)
{
	struct stream *s = ctx;
	const struct imp_span span = { (const uint8_t *)bytes, len };

	if (!s->rc)
		s->rc = imp_out_write(s->out, span, &s->why);
	return s->rc ? -1 : (ssize_t)len;
}

int stream_begin(struct stream *s, struct imp_out *out, struct imp_error *err)
{
	const cookie_io_functions_t calls = { .write = put };

	s->out = out;
	s->rc = 0;
	s->f = fopencookie(s, "w", calls);
	if (!s->f || setvbuf(s->f, s->buffer, _IOFBF, sizeof(s->buffer)) != 0)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	return 0;
}

int stream_check(const struct stream *s, struct imp_error *err)
{
	if (s->rc && err)
		*err = s->why;
	return s->rc;
}

int stream_end(struct stream *s, struct imp_error *err)
{
	FILE *f = s->f;

	s->f = NULL;
	if (fclose(f) != 0 && !s->rc)
		s->rc = imp_fail(&s->why, IMP_EINTERNAL, "closing a stream failed");
	return stream_check(s, err);
}

void stream_fini(struct stream *s)
{
	s->rc = s->rc ? s->rc : -IMP_EINTERNAL; /* what waits in the buffer is dropped */
	if (s->f)
		fclose(s->f);
	imp_wipe(s, sizeof(*s));
}
