/* SPDX-License-Identifier: Apache-2.0 */
/* A PostgreSQL server that is not there, goes away, or does not say what became of a
 * commit. */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fill.h"
#include "ledger/verify.h"
#include "proxy.h"

static struct imp_error err;

static int open_url(const char *url)
{
	const struct imp_ledger_config config = { .name = url,
						  .create = true,
						  .cancel_fd = -1 };
	struct imp_ledger *l = NULL;
	int rc = imp_ledger_open(&config, &l, &err);

	imp_ledger_close(&l);
	return rc;
}

/* LED-14: at the start. */
Test(outage, a_server_that_is_not_there_is_named)
{
	SAYS(open_url("postgresql:///factory?host=/nowhere"), IMP_ELEDGER, "/nowhere");
	SAYS(open_url("postgresql://%zz"), IMP_EUSAGE, "no postgresql:// URL");
	SAYS(open_url("postgresql://u:secret@/factory?host=/nowhere"), IMP_EUSAGE,
	     "holds a password");
	cr_assert_not(strstr(err.msg, "secret"));
}

/* A server that takes no TLS: one connection, one answer. */
static pid_t plain_server(unsigned *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0), c;
	char ask[8];
	pid_t pid;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	cr_assert_eq(listen(fd, 1), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	*port = ntohs(a.sin_port);
	pid = fork();
	if (pid == 0) {
		c = accept(fd, NULL, NULL);
		_exit(read(c, ask, 8) == 8 && write(c, "N", 1) == 1 &&
				      read(c, ask, 1) == 0
			      ? 0
			      : 1);
	}
	close(fd);
	return pid;
}

/* LED-14: nothing is said to a server that does not prove who it is. */
Test(outage, a_server_without_tls_is_refused)
{
	char url[128];
	unsigned port;
	pid_t pid = plain_server(&port);
	int status;

	unsetenv("PGSSLMODE");
	snprintf(url, sizeof(url), "postgresql://u@localhost:%u/factory", port);
	SAYS(open_url(url), IMP_ELEDGER, "SSL");
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0, "something was said in clear");
}

struct killing {
	const struct place *p;
	unsigned runs;
};

/* The server ends our connection in the middle of the first run. */
static int killed(struct imp_ledger *l, void *ctx, struct imp_error *e)
{
	struct killing *k = ctx;

	if (imp_ledger_revoke(l, fill_id(1), 1, (struct imp_span){ fill_id(2), 32 }, NULL,
			      e))
		return -IMP_ELEDGER;
	if (k->runs++ == 0)
		place_sql(k->p, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
				"WHERE application_name = 'imprint' AND query <> '' AND "
				"wait_event = 'ClientRead' AND state LIKE 'idle in%%'");
	return imp_ledger_revoke(l, fill_id(1), 2, (struct imp_span){ fill_id(3), 32 },
				 NULL, e);
}

/* LED-14: in the middle of a transaction. */
Test(outage, a_connection_that_ends_in_a_work_is_made_anew)
{
	struct imp_ledger_report r;
	struct killing k = { 0 };
	struct imp_ledger *l;
	struct place p;

	place_start(&p, true);
	k.p = &p;
	l = place_open(&p, "line-1");
	WORKS(imp_ledger_do(l, killed, &k, &err));
	cr_assert_eq(k.runs, 2);
	WORKS(imp_ledger_verify(l, NULL, &r, &err));
	cr_assert_eq(r.entries, 3);
	imp_ledger_close(&l);
	place_stop(&p);
}

/* LED-15: once, whether the answer was lost or the question. */
Test(outage, a_commit_without_an_answer_is_asked_for)
{
	static const enum proxy_cut cuts[] = { CUT_BEFORE_COMMIT, CUT_AFTER_COMMIT };

	for (size_t i = 0; i < COUNTOF(cuts); i++) {
		struct imp_ledger_report r;
		struct imp_ledger *l;
		struct place p, direct;
		struct proxy x;

		place_start(&p, true);
		direct = p;
		l = place_open(&p, "line-1");
		imp_ledger_close(&l);
		proxy_start(&x, &p, cuts[i], 1);
		l = place_open(&p, "line-1");
		fill_entries(l, 1);
		fill_entries(l, 1); /* this one is cut */
		WORKS(imp_ledger_verify(l, NULL, &r, &err));
		cr_assert_eq(r.entries, 3);
		imp_ledger_close(&l);
		proxy_stop(&x);
		place_stop(&direct);
	}
}
