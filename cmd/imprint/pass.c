/* SPDX-License-Identifier: Apache-2.0 */
/* Passphrases and PINs. */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "ask.h"
#include "base/wipe.h"
#include "cli.h"
#include "pass.h"

enum { LINE_MAX_LEN = 1024 };

/* One line without its end. */
static int read_line(int fd, const struct imp_asked *asked, struct imp_secret *out,
		     struct imp_error *err)
{
	char line[LINE_MAX_LEN];
	size_t len = 0;
	int rc;

	while ((rc = ask_byte(fd, line + len, err)) > 0 && line[len] != '\n')
		if (++len == sizeof(line))
			break;
	if (rc >= 0)
		rc = len == 0 || len == sizeof(line)
			     ? imp_fail(err, IMP_EKEY, "%s: no %s came", asked->name,
					asked->what)
			     : imp_secret_set(out,
					      (struct imp_span){ (uint8_t *)line, len },
					      err);
	imp_wipe(line, sizeof(line));
	return rc;
}

static int prompt(const char *text, const struct imp_asked *asked, struct imp_secret *out,
		  struct imp_error *err)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY), rc;
	struct termios before, quiet;

	if (fd < 0 || tcgetattr(fd, &before) != 0) {
		if (fd >= 0)
			close(fd);
		rc = imp_fail(err, IMP_EKEY,
			      "%s: needs a %s, and there is no terminal to ask on",
			      asked->name, asked->what);
		return imp_hint(err, rc, "--pass-fd FD reads the %s from a descriptor",
				asked->what);
	}
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(fd, TCSAFLUSH, &quiet);
	dprintf(fd, "%s %s%s%s: ", text, asked->name, asked->warning ? ", " : "",
		asked->warning ? asked->warning : "");
	rc = read_line(fd, asked, out, err);
	tcsetattr(fd, TCSAFLUSH, &before);
	dprintf(fd, "\n");
	close(fd);
	return rc;
}

static int ask(void *ctx, const struct imp_asked *asked, struct imp_secret *out,
	       struct imp_error *err)
{
	struct pass_source *s = ctx;
	char text[48];

	snprintf(text, sizeof(text), "%s%c%s of", asked->attempt ? "Wrong. " : "",
		 toupper((unsigned char)asked->what[0]), asked->what + 1);
	if (s->fd < 0)
		return prompt(text, asked, out, err);
	if (asked->attempt > 0)
		return imp_fail(err, IMP_EKEY, "%s: the %s from --pass-fd is wrong",
				asked->name, asked->what);
	return read_line(s->fd, asked, out, err);
}

struct imp_pass pass_from(struct pass_source *source)
{
	return (struct imp_pass){ .ask = ask,
				  .ctx = source,
				  .attended = source->fd < 0,
				  .cancel_fd = cli_cancel_fd() };
}

int pass_new(struct pass_source *source, const char *path, struct imp_secret *out,
	     struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret twice = { 0 };
	const struct imp_asked asked = { "passphrase", path, NULL, 0 };
	int rc;

	if (source->fd >= 0)
		return read_line(source->fd, &asked, out, err);
	rc = prompt("New passphrase of", &asked, out, err);
	if (!rc)
		rc = prompt("The same again, of", &asked, &twice, err);
	if (!rc && !imp_span_eq_ct(imp_secret_span(out), imp_secret_span(&twice)))
		rc = imp_fail(err, IMP_EKEY, "%s: the two passphrases differ", path);
	return rc;
}
