/* SPDX-License-Identifier: Apache-2.0 */
/* A question to whoever sits at the terminal. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "ask.h"
#include "cli.h"

int ask_byte(int fd, char *c, struct imp_error *err)
{
	for (;;) {
		struct pollfd p[] = { { fd, POLLIN, 0 }, { cli_cancel_fd(), POLLIN, 0 } };
		ssize_t n;

		if (poll(p, COUNTOF(p), -1) < 0 && errno == EINTR)
			continue;
		if (p[1].revents)
			return imp_fail(err, IMP_EINTERRUPTED, "interrupted");
		n = read(fd, c, 1);
		if (n >= 0 || errno != EINTR)
			return n > 0;
	}
}

/* One character; what follows on the line is dropped. */
static int read_answer(int fd, char *answer, struct imp_error *err)
{
	char c;
	int rc;

	*answer = '\0';
	while ((rc = ask_byte(fd, &c, err)) > 0 && c != '\n')
		if (!*answer && c != ' ')
			*answer = c;
	return rc < 0 ? rc : 0;
}

int ask_yes(const char *question, struct imp_error *err)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY), rc;
	char answer;

	if (fd < 0)
		return imp_fail(err, IMP_EUSAGE, "there is no terminal to ask on");
	dprintf(fd, "%s? [y/N] ", question);
	rc = read_answer(fd, &answer, err);
	close(fd);
	return rc ? rc : answer == 'y' || answer == 'Y';
}
