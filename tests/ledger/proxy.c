/* SPDX-License-Identifier: Apache-2.0 */
/* A line that is cut. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proxy.h"

static int dial(const char *folder, bool listening)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s/.s.PGSQL.5432", folder);
	if (listening && (bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 8)))
		_exit(1);
	if (!listening && connect(fd, (struct sockaddr *)&a, sizeof(a)))
		_exit(2);
	return fd;
}

struct line {
	int client, server;
	enum proxy_cut cut;
	unsigned commits; /* to let pass */
};

static bool is_commit(const char *buf, ssize_t n)
{
	return memmem(buf, (size_t)n, "COMMIT", 7) != NULL;
}

/* Carry what there is; false: the line ends. */
static bool carry(struct line *l, int from, int to)
{
	char buf[65536];
	ssize_t n = read(from, buf, sizeof(buf));
	bool commit = n > 0 && from == l->client && is_commit(buf, n);
	bool cut = commit && l->cut && l->commits == 0;

	if (n <= 0)
		return false;
	if (commit && l->commits > 0)
		l->commits--;
	if (cut && l->cut == CUT_BEFORE_COMMIT) {
		l->cut = CUT_NOTHING;
		return false;
	}
	if (write(to, buf, (size_t)n) != n)
		return false;
	if (!cut)
		return true;
	l->cut = CUT_NOTHING;
	return read(l->server, buf, sizeof(buf)) < 0; /* its answer is not passed on */
}

static void serve(int listener, const char *server, enum proxy_cut cut, unsigned commits)
{
	struct line l = { .cut = cut, .commits = commits };

	for (;;) {
		bool good = true;

		l.client = accept(listener, NULL, NULL);
		l.server = dial(server, false);
		while (good) {
			struct pollfd fd[2] = { { l.client, POLLIN, 0 },
						{ l.server, POLLIN, 0 } };

			poll(fd, 2, -1);
			if (fd[0].revents)
				good = carry(&l, l.client, l.server);
			if (good && fd[1].revents)
				good = carry(&l, l.server, l.client);
		}
		close(l.client);
		close(l.server);
	}
}

void proxy_start(struct proxy *x, struct place *p, enum proxy_cut cut, unsigned commits)
{
	char server[256], rest[256];
	int listener;

	cr_assert_eq(sscanf(p->name, "postgresql:///postgres?host=%255[^&]&%255s", server,
			    rest),
		     2);
	snprintf(x->folder, sizeof(x->folder), "/tmp/imprint-proxy-XXXXXX");
	cr_assert(mkdtemp(x->folder));
	listener = dial(x->folder, true);
	x->pid = fork();
	if (x->pid == 0)
		serve(listener, server, cut, commits);
	close(listener);
	snprintf(p->name, sizeof(p->name), "postgresql:///postgres?host=%s&%s", x->folder,
		 rest);
}

void proxy_stop(struct proxy *x)
{
	char path[128];

	kill(x->pid, SIGKILL);
	waitpid(x->pid, NULL, 0);
	snprintf(path, sizeof(path), "%s/.s.PGSQL.5432", x->folder);
	unlink(path);
	rmdir(x->folder);
}
