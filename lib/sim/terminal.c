/* SPDX-License-Identifier: Apache-2.0 */
/* One pseudo-terminal under a stable link. */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "sim/terminal.h"

/* A link that is there already may be left over from a simulation that was killed. */
static int put_link(const char *tty, const char *link, struct imp_error *err)
{
	struct stat st;

	if (lstat(link, &st) == 0) {
		if (!S_ISLNK(st.st_mode))
			return imp_fail(err, IMP_EUSAGE,
					"%s: exists, and is not the link of a simulated "
					"device",
					link);
		(void)unlink(link);
	}
	if (symlink(tty, link) != 0)
		return imp_fail(err, IMP_ERESOURCE, "%s: %s", link, strerror(errno));
	return 0;
}

/* The slave stays open here: without it the master fails while no host is there. */
int sim_pty_open(struct sim_pty *p, const char *link, struct imp_error *err)
{
	struct termios raw;
	int rc = 0;

	if (openpty(&p->master, &p->slave, p->tty, NULL, NULL) != 0) {
		p->master = p->slave = -1;
		return imp_fail(err, IMP_ERESOURCE, "no pseudo-terminal: %s",
				strerror(errno));
	}
	if (fcntl(p->master, F_SETFL, O_NONBLOCK) != 0 ||
	    fcntl(p->master, F_SETFD, FD_CLOEXEC) != 0 ||
	    fcntl(p->slave, F_SETFD, FD_CLOEXEC) != 0 || tcgetattr(p->slave, &raw) != 0)
		rc = imp_fail(err, IMP_ERESOURCE, "%s: %s", p->tty, strerror(errno));
	if (!rc) {
		cfmakeraw(&raw);
		cfsetspeed(&raw, B115200);
		if (tcsetattr(p->slave, TCSANOW, &raw) != 0)
			rc = imp_fail(err, IMP_ERESOURCE, "%s: %s", p->tty,
				      strerror(errno));
	}
	if (!rc)
		rc = put_link(p->tty, link, err);
	if (rc)
		sim_pty_close(p, NULL);
	return rc;
}

void sim_pty_close(struct sim_pty *p, const char *link)
{
	if (p->master >= 0 && link)
		(void)unlink(link);
	if (p->slave >= 0)
		close(p->slave);
	if (p->master >= 0)
		close(p->master);
	p->master = p->slave = -1;
}
