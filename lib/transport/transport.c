/* SPDX-License-Identifier: Apache-2.0 */
/* The table of transports. */
#include <stdio.h>
#include <string.h>

#include "transport/tcp.h"
#include "transport/tty.h"
#include "transport/usb.h"
#include "transport/wait.h"

const struct imp_transport_ops *const imp_transports[] = { &imp_usb_ops, &imp_tty_ops,
							   &imp_tcp_ops, NULL };

/* A scheme is letters before the first colon; "/dev/serial/by-path/pci-0000:00" has none.
 */
static size_t scheme_len(const char *uri)
{
	size_t n = strspn(uri, "abcdefghijklmnopqrstuvwxyz");

	return n > 0 && uri[n] == ':' ? n : 0;
}

const struct imp_transport_ops *imp_transport_find(const char *uri, const char **rest)
{
	size_t n = scheme_len(uri);

	*rest = n > 0 ? uri + n + 1 : uri;
	for (size_t i = 0; n > 0 && imp_transports[i]; i++)
		if (strlen(imp_transports[i]->scheme) == n &&
		    memcmp(imp_transports[i]->scheme, uri, n) == 0)
			return imp_transports[i];
	return n > 0 ? NULL : &imp_tty_ops;
}

static int unknown(const char *uri, struct imp_error *err)
{
	char list[200] = "";
	size_t len = 0;

	for (size_t i = 0; imp_transports[i] && len < sizeof(list); i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s:%s",
					i ? ", " : "", imp_transports[i]->scheme,
					imp_transports[i]->names);
	return imp_fail(err, IMP_EUSAGE, "%s: no such transport, expected %s", uri, list);
}

int imp_transport_open(struct imp_transport **out, const char *uri,
		       const struct imp_usb_ids *ids, const struct imp_wait *wait,
		       struct imp_error *err)
{
	const char *rest;
	const struct imp_transport_ops *ops = imp_transport_find(uri, &rest);
	int rc = ops ? wait_check(wait, err) : unknown(uri, err);

	if (!rc)
		rc = ops->open(out, rest, ids, wait, err);
	if (!rc)
		(*out)->ops = ops;
	return rc;
}

void imp_transport_close(struct imp_transport **t)
{
	if (*t)
		(*t)->ops->close(*t);
	*t = NULL;
}
