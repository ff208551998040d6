/* SPDX-License-Identifier: Apache-2.0 */
/* Looking up hosts: getaddrinfo() cannot be ended, so it runs beside. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "transport/resolve.h"
#include "transport/wait.h"

/* Shared by who asks and the thread that looks up; whoever leaves last cleans up. */
struct lookup {
	atomic_int users;
	int done; /* becomes readable */
	char *host, *port;
	int rc; /* valid once done is readable */
	struct addrinfo *list;
};

static int look_up(const char *host, const char *port, int flags, struct addrinfo **out)
{
	const struct addrinfo want = { .ai_socktype = SOCK_STREAM,
				       .ai_flags = flags | AI_NUMERICSERV };

	return getaddrinfo(host, port, &want, out);
}

static void leave(struct lookup *l)
{
	if (atomic_fetch_sub(&l->users, 1) > 1)
		return;
	if (l->list)
		freeaddrinfo(l->list);
	if (l->done >= 0)
		close(l->done);
	free(l->host);
	free(l->port);
	free(l);
}

static void *run(void *arg)
{
	struct lookup *l = arg;

	l->rc = look_up(l->host, l->port, AI_ADDRCONFIG, &l->list);
	if (l->rc)
		l->list = NULL;
	(void)eventfd_write(l->done, 1);
	leave(l);
	return NULL;
}

static struct lookup *begin(const char *host, const char *port)
{
	struct lookup *l = calloc(1, sizeof(*l));
	pthread_t id;

	if (!l)
		return NULL;
	l->users = 2;
	l->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->host = strdup(host);
	l->port = strdup(port);
	if (l->done >= 0 && l->host && l->port &&
	    pthread_create(&id, NULL, run, l) == 0) {
		pthread_detach(id);
		return l;
	}
	l->users = 1;
	leave(l);
	return NULL;
}

static int not_found(const char *name, int why, struct imp_error *err)
{
	switch (why) {
	case EAI_NONAME:
	case EAI_NODATA:
	case EAI_ADDRFAMILY:
		return imp_fail(err, IMP_ETRANSPORT, "%s: no host of that name", name);
	case EAI_AGAIN:
		return imp_fail(err, IMP_ETRANSPORT,
				"%s: the name cannot be looked up, no server for names "
				"answers",
				name);
	default:
		return imp_fail(err, IMP_ETRANSPORT, "%s: %s", name, gai_strerror(why));
	}
}

int resolve(const char *host, const char *port, const struct imp_wait *wait,
	    const char *name, struct addrinfo **out, struct imp_error *err)
{
	struct lookup *l;
	int rc;

	if (look_up(host, port, AI_NUMERICHOST, out) == 0)
		return 0;
	l = begin(host, port);
	if (!l)
		return imp_fail(err, IMP_ERESOURCE, "%s: no thread to look it up", name);
	rc = wait_for(l->done, POLLIN, wait, name, err);
	if (rc == 0)
		rc = imp_fail(err, IMP_ETRANSPORT,
			      "%s: the name was not found in the time given", name);
	else if (rc > 0)
		rc = l->rc ? not_found(name, l->rc, err) : 0;
	if (!rc)
		*out = STEAL(l->list);
	leave(l);
	return rc;
}
