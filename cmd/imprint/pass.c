/* SPDX-License-Identifier: Apache-2.0 */
/* Passphrases. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/wipe.h"
#include "cli.h"
#include "pass.h"

enum { LINE_MAX_LEN = 1024 };

/* One line without its end, byte by byte: what follows on the descriptor is not ours. */
static int read_line(int fd, const char *path, struct imp_secret *out,
		     struct imp_error *err)
{
	char line[LINE_MAX_LEN];
	size_t len = 0;
	int rc;

	for (;;) {
		struct pollfd p[] = { { fd, POLLIN, 0 }, { cli_cancel_fd(), POLLIN, 0 } };
		ssize_t n;

		if (poll(p, 2, -1) < 0 && errno == EINTR)
			continue;
		if (p[1].revents)
			return imp_fail(err, IMP_EINTERRUPTED, "interrupted");
		n = read(fd, line + len, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || line[len] == '\n')
			break;
		if (++len == sizeof(line))
			break;
	}
	rc = len == 0 || len == sizeof(line)
		     ? imp_fail(err, IMP_EKEY, "%s: no passphrase came", path)
		     : imp_secret_set(out, (struct imp_span){ (uint8_t *)line, len },
				      err);
	imp_wipe(line, sizeof(line));
	return rc;
}

static int prompt(const char *text, const char *path, struct imp_secret *out,
		  struct imp_error *err)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY), rc;
	struct termios before, quiet;

	if (fd < 0 || tcgetattr(fd, &before) != 0) {
		if (fd >= 0)
			close(fd);
		rc = imp_fail(
			err, IMP_EKEY,
			"%s: needs a passphrase, and there is no terminal to ask on",
			path);
		return imp_hint(err, rc,
				"--pass-fd FD reads the passphrase from a descriptor");
	}
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(fd, TCSAFLUSH, &quiet);
	dprintf(fd, "%s %s: ", text, path);
	rc = read_line(fd, path, out, err);
	tcsetattr(fd, TCSAFLUSH, &before);
	dprintf(fd, "\n");
	close(fd);
	return rc;
}

static int ask(void *ctx, const char *path, unsigned attempt, struct imp_secret *out,
	       struct imp_error *err)
{
	struct pass_source *s = ctx;

	if (s->fd < 0)
		return prompt(attempt ? "Wrong. Passphrase of" : "Passphrase of", path,
			      out, err);
	if (attempt > 0)
		return imp_fail(err, IMP_EKEY,
				"%s: the passphrase from --pass-fd is wrong", path);
	return read_line(s->fd, path, out, err);
}

struct imp_pass pass_from(struct pass_source *source)
{
	return (struct imp_pass){ .ask = ask, .ctx = source };
}

int pass_new(struct pass_source *source, const char *path, struct imp_secret *out,
	     struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret twice = { 0 };
	int rc;

	if (source->fd >= 0)
		return read_line(source->fd, path, out, err);
	rc = prompt("New passphrase of", path, out, err);
	if (!rc)
		rc = prompt("The same again, of", path, &twice, err);
	if (!rc && !imp_span_eq_ct(imp_secret_span(out), imp_secret_span(&twice)))
		rc = imp_fail(err, IMP_EKEY, "%s: the two passphrases differ", path);
	return rc;
}
