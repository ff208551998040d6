/* SPDX-License-Identifier: Apache-2.0 */
/* The table of transports. */
#include <string.h>
#include <time.h>

#include "transport/tty.h"

const struct imp_transport_ops *const imp_transports[] = { &imp_tty_ops, NULL };

static const struct imp_transport_ops *find(const char *scheme, size_t len)
{
	for (size_t i = 0; imp_transports[i]; i++)
		if (strlen(imp_transports[i]->scheme) == len &&
		    memcmp(imp_transports[i]->scheme, scheme, len) == 0)
			return imp_transports[i];
	return NULL;
}

/* A scheme is letters before the first colon; "/dev/serial/by-path/pci-0000:00" has none.
 */
static size_t scheme_len(const char *uri)
{
	size_t n = strspn(uri, "abcdefghijklmnopqrstuvwxyz");

	return n > 0 && uri[n] == ':' ? n : 0;
}

int imp_transport_open(struct imp_transport **out, const char *uri, struct imp_error *err)
{
	size_t n = scheme_len(uri);
	const struct imp_transport_ops *ops = n > 0 ? find(uri, n) : &imp_tty_ops;
	int rc;

	if (!ops)
		return imp_fail(err, IMP_EUSAGE,
				"%s: no such transport, expected serial:PATH", uri);
	rc = ops->open(out, n > 0 ? uri + n + 1 : uri, err);
	if (rc == 0)
		(*out)->ops = ops;
	return rc;
}

void imp_transport_close(struct imp_transport **t)
{
	if (*t)
		(*t)->ops->close(*t);
	*t = NULL;
}

uint64_t imp_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
