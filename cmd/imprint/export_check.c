/* SPDX-License-Identifier: Apache-2.0 */
/* What servers ask of an account: refused by device and resource where it is not so. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "export.h"

int export_refuse(const struct exported *e, const char *resource, struct imp_error *err,
		  const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return imp_fail(err, IMP_EPOLICY, "%s: security/%u %s: %s", e->accounts.device,
			e->account->instance, resource, what);
}

int export_need(const struct exported *e, const struct account_value *v,
		const char *resource, struct imp_error *err)
{
	if (!v->there)
		return export_refuse(e, resource, err, "is not set, %s needs it",
				     e->args->format->server);
	if (v->own)
		return export_refuse(e, resource, err,
				     "is the key that the device holds, %s needs to know "
				     "it",
				     e->args->format->server);
	return 0;
}

static bool is_text(struct imp_span s)
{
	uint32_t cp = 0;
	size_t n;

	for (; s.len > 0; s.ptr += n, s.len -= n) {
		n = imp_utf8(s, &cp);
		if (n == 0 || imp_is_control(cp))
			return false;
	}
	return true;
}

int export_need_psk(const struct exported *e, size_t min, size_t max,
		    struct imp_error *err)
{
	const struct account *a = e->account;
	int rc = export_need(e, &a->identity, "identity", err);

	if (!rc && (a->identity.bytes.len == 0 || !is_text(a->identity.bytes)))
		rc = export_refuse(e, "identity", err, "is not a text (RFC 4279 5.1)");
	if (!rc)
		rc = export_need(e, &a->secret, "secret", err);
	if (!rc && (a->secret.bytes.len < min || a->secret.bytes.len > max))
		rc = export_refuse(e, "secret", err, "%zu bytes, %s takes %zu to %zu",
				   a->secret.bytes.len, e->args->format->server, min,
				   max);
	return rc;
}

/* The length that a DER head announces, with the head; 0 where it is none. */
static size_t der_len(struct imp_span s)
{
	size_t octets, n = 0;

	if (s.len < 2 || s.ptr[0] != 0x30)
		return 0;
	if (s.ptr[1] < 0x80)
		return 2u + s.ptr[1];
	octets = s.ptr[1] & 0x7fu;
	if (octets < 1 || octets > 3 || s.len < 2 + octets)
		return 0;
	for (size_t i = 0; i < octets; i++)
		n = n << 8 | s.ptr[2 + i];
	return 2 + octets + n;
}

int export_need_der(const struct exported *e, struct imp_error *err)
{
	const struct account_value *v = &e->account->identity;
	int rc = export_need(e, v, "identity", err);

	if (!rc && der_len(v->bytes) != v->bytes.len)
		rc = export_refuse(e, "identity", err, "is not DER (X.690 8.1.3)");
	return rc;
}

int export_need_name(const struct exported *e, size_t max, const char *more,
		     struct imp_error *err)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	const char *name = e->accounts.endpoint;

	for (size_t i = 0; name[i]; i++)
		if (i >= max || !(strchr(letters, name[i]) || strchr(more, name[i])))
			return imp_fail(err, IMP_EPOLICY,
					"%s: endpoint %s: %s takes names of at most %zu "
					"letters, digits and %s",
					e->accounts.device, name, e->args->format->server,
					max, more);
	return 0;
}

int export_no_oscore(const struct exported *e, struct imp_error *err)
{
	return e->account->link.there
		       ? export_refuse(e, "oscore", err, "%s has no OSCORE",
				       e->args->format->server)
		       : 0;
}

int export_refuse_mode(const struct exported *e, struct imp_error *err)
{
	static const char *const names[] = { "psk", "rpk", "cert", "nosec", "est" };
	const struct account_value *mode = &e->account->mode;
	bool known = mode->number >= 0 && mode->number < (int64_t)COUNTOF(names);
	int rc = export_need(e, mode, "mode", err);

	return rc ? rc
		  : export_refuse(e, "mode", err, "%s is not one that %s takes",
				  known ? names[mode->number] : "the number",
				  e->args->format->server);
}
