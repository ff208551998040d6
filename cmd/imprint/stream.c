/* SPDX-License-Identifier: Apache-2.0 */
/* Formatted text into an output. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/wipe.h"
#include "stream.h"

static int failed(const char *name, int number, struct imp_error *err)
{
	return imp_fail(err, IMP_ERESOURCE, "%s: cannot be written: %s", name,
			strerror(number));
}

int stream_begin(struct stream *s, const struct imp_out *out, const char *name,
		 struct imp_error *err)
{
	int fd = fcntl(out->fd, F_DUPFD_CLOEXEC, 0);

	s->name = name;
	s->f = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (!s->f) {
		int number = errno;

		if (fd >= 0)
			close(fd);
		return failed(name, number, err);
	}
	return setvbuf(s->f, s->buffer, _IOFBF, sizeof(s->buffer)) == 0
		       ? 0
		       : failed(name, errno, err);
}

int stream_check(const struct stream *s, struct imp_error *err)
{
	return ferror(s->f) ? failed(s->name, errno, err) : 0;
}

int stream_end(struct stream *s, struct imp_error *err)
{
	FILE *f = s->f;
	int lost = ferror(f);

	s->f = NULL;
	return fclose(f) == 0 && !lost ? 0 : failed(s->name, lost ? EIO : errno, err);
}

void stream_fini(struct stream *s)
{
	if (s->f)
		fclose(s->f);
	imp_wipe(s, sizeof(*s));
}
