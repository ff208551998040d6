/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Servers that speak LwM2M.
 *
 * Sources: Eclipse Leshan 2.0, JacksonSecurityDeserializer (body of PUT
 * /api/security/clients/) and BootstrapConfig (the bootstrap server's store);
 * ThingsBoard 3.4 and later, BulkImportColumnType and DeviceCredentialsServiceImpl.
 */
#include "encode.h"
#include "export.h"
#include "json.h"

enum { KEY_MAX = 64 };

static struct json line(struct exported *e)
{
	return (struct json){ .f = e->f, .first = true };
}

/* AES-CCM-16-64-128 and HKDF-SHA-256, and no salt: the only context that Leshan makes.
 * 5 and -10 both mean HMAC with SHA-256. Source: RFC 8613 3.2; RFC 9053 4.2, 5.1, 3.1. */
static int check_oscore(const struct exported *e, struct imp_error *err)
{
	enum { AES_CCM_16_64_128 = 10, HMAC_SHA_256 = 5, HKDF_SHA_256 = -10 };
	const struct oscore *o = e->account->oscore;
	int rc = export_need(e, &o->secret, "oscore secret", err);

	if (!rc)
		rc = export_need(e, &o->sender, "oscore sender", err);
	if (!rc)
		rc = export_need(e, &o->recipient, "oscore recipient", err);
	if (!rc && o->aead.there && o->aead.number != AES_CCM_16_64_128)
		rc = export_refuse(e, "oscore aead", err,
				   "%lld, Leshan takes AES-CCM-16-64-128 (10) only",
				   (long long)o->aead.number);
	if (!rc && o->hmac.there && o->hmac.number != HMAC_SHA_256 &&
	    o->hmac.number != HKDF_SHA_256)
		rc = export_refuse(e, "oscore hmac", err,
				   "%lld, Leshan takes HKDF-SHA-256 only",
				   (long long)o->hmac.number);
	if (!rc && o->salt.there && o->salt.bytes.len > 0)
		rc = export_refuse(e, "oscore salt", err, "Leshan takes none");
	if (!rc && o->context.there && o->context.bytes.len > 0)
		rc = export_refuse(e, "oscore context", err, "Leshan takes none");
	return rc;
}

/* An id may be empty, which is not null. Source: RFC 8613 3.1. */
static void put_id(struct json *j, const char *key, struct imp_span id)
{
	json_open(j, key, '"');
	encode_hex(j->f, id);
	json_close(j, '"');
}

/* What the device sends with is what the server receives with. */
static void put_oscore(struct json *j, const struct oscore *o)
{
	json_open(j, "oscore", '{');
	put_id(j, "sid", o->recipient.bytes);
	put_id(j, "rid", o->sender.bytes);
	json_hex(j, "msec", o->secret.bytes);
	json_close(j, '}');
}

static void put_tls(struct json *j, const struct account *a)
{
	static const char *const modes[] = { "psk", "rpk", "x509" };

	json_open(j, "tls", '{');
	json_str(j, "mode", modes[a->mode.number]);
	if (a->mode.number != ACCOUNT_CERT)
		json_open(j, "details", '{');
	if (a->mode.number == ACCOUNT_PSK) {
		json_text(j, "identity", a->identity.bytes);
		json_hex(j, "key", a->secret.bytes);
	} else if (a->mode.number == ACCOUNT_RPK) {
		json_hex(j, "key", a->identity.bytes);
	}
	if (a->mode.number != ACCOUNT_CERT)
		json_close(j, '}');
	json_close(j, '}');
}

static int check_leshan(const struct exported *e, struct imp_error *err)
{
	const struct account *a = e->account;

	if (!a->mode.there || a->mode.own)
		return export_need(e, &a->mode, "mode", err);
	if (a->mode.number == ACCOUNT_NOSEC && a->oscore)
		return check_oscore(e, err);
	if (a->oscore)
		return export_refuse(e, "oscore", err,
				     "Leshan takes OSCORE or a secure transport, not "
				     "both");
	switch (a->mode.number) {
	case ACCOUNT_PSK:
		return export_need_psk(e, 1, IMP_CBOR_MAX, err);
	case ACCOUNT_RPK:
		return export_need_der(e, err);
	case ACCOUNT_CERT: /* it goes by the endpoint alone */
		return 0;
	default:
		return export_refuse_mode(e, err);
	}
}

static int leshan(struct exported *e, struct imp_error *err)
{
	struct json j = line(e);
	int rc = check_leshan(e, err);

	if (rc)
		return rc;
	json_open(&j, NULL, '{');
	json_str(&j, "endpoint", e->accounts.endpoint);
	if (e->account->oscore)
		put_oscore(&j, e->account->oscore);
	else
		put_tls(&j, e->account);
	json_close(&j, '}');
	fputc('\n', e->f);
	return 0;
}

const struct export_format export_leshan = {
	.name = "leshan",
	.server = "Leshan",
	.each = leshan,
};

static int check_bootstrap(struct exported *e, struct imp_error *err)
{
	bool servers = false;

	for (size_t i = 0; i < e->accounts.count; i++) {
		const struct account *a = &e->accounts.at[i];
		int rc;

		e->account = a;
		if (!a->mode.there || a->mode.number != ACCOUNT_PSK)
			return export_refuse_mode(e, err);
		rc = export_no_oscore(e, err);
		if (!rc)
			rc = export_need_psk(e, 1, IMP_CBOR_MAX, err);
		if (!rc)
			rc = export_need(e, &a->uri, "uri", err);
		if (!rc && !a->bootstrap.number)
			rc = export_need(e, &a->short_id, "short-id", err);
		if (rc)
			return rc;
		servers |= !a->bootstrap.number;
	}
	return servers ? 0
		       : imp_fail(err, IMP_EPOLICY,
				  "%s: has no account of an LwM2M server: a bootstrap "
				  "server would write nothing",
				  e->accounts.device);
}

static void put_octets(struct json *j, const char *key, struct imp_span bytes)
{
	json_open(j, key, '[');
	for (size_t i = 0; i < bytes.len; i++)
		json_uint(j, NULL, bytes.ptr[i]);
	json_close(j, ']');
}

static void put_security(struct json *j, const struct account *a)
{
	char key[8];

	snprintf(key, sizeof(key), "%u", a->instance);
	json_open(j, key, '{');
	json_text(j, "uri", a->uri.bytes);
	json_bool(j, "bootstrapServer", a->bootstrap.number);
	json_str(j, "securityMode", "PSK");
	put_octets(j, "publicKeyOrId", a->identity.bytes);
	put_octets(j, "secretKey", a->secret.bytes);
	if (a->short_id.there && !a->bootstrap.number)
		json_uint(j, "serverId", (uint64_t)a->short_id.number);
	json_close(j, '}');
}

/* Of object 1 the credentials hold nothing: lifetime and binding are Leshan's own. */
static void put_servers(struct json *j, const struct accounts *all)
{
	char key[8];

	json_open(j, "servers", '{');
	for (size_t i = 0; i < all->count; i++) {
		if (all->at[i].bootstrap.number)
			continue;
		snprintf(key, sizeof(key), "%u", all->at[i].instance);
		json_open(j, key, '{');
		json_uint(j, "shortId", (uint64_t)all->at[i].short_id.number);
		json_close(j, '}');
	}
	json_close(j, '}');
}

static int leshan_bootstrap(struct exported *e, struct imp_error *err)
{
	struct json j = line(e);
	int rc = check_bootstrap(e, err);

	if (rc)
		return rc;
	json_open(&j, e->accounts.endpoint, '{');
	put_servers(&j, &e->accounts);
	json_open(&j, "security", '{');
	for (size_t i = 0; i < e->accounts.count; i++)
		put_security(&j, &e->accounts.at[i]);
	json_close(&j, '}');
	json_close(&j, '}');
	return 0;
}

const struct export_format export_leshan_bootstrap = {
	.name = "leshan-bootstrap",
	.server = "Leshan's bootstrap server",
	.head = "{\n",
	.between = ",\n",
	.tail = "\n}\n",
	.scope = EXPORT_ALL,
	.each = leshan_bootstrap,
};

/* Altering a cell would break it, and leaving it is a risk to who opens the file. */
static int check_cell(const struct exported *e, const char *what, struct imp_span cell,
		      struct imp_error *err)
{
	return is_formula(cell)
		       ? export_refuse(e, what, err,
				       "a spreadsheet would take it for a formula")
		       : 0;
}

static int check_thingsboard(const struct exported *e, struct imp_error *err)
{
	const struct account *a = e->account;
	struct imp_span endpoint = imp_span_str(e->accounts.endpoint);
	int rc = check_cell(e, "endpoint", endpoint, err);

	if (!rc)
		rc = export_no_oscore(e, err);
	if (rc || !a->mode.there)
		return rc ? rc : export_refuse_mode(e, err);
	if (a->mode.number == ACCOUNT_RPK || a->mode.number == ACCOUNT_CERT)
		return export_need_der(e, err);
	if (a->mode.number != ACCOUNT_PSK)
		return export_refuse_mode(e, err);
	rc = export_need_psk(e, 1, KEY_MAX, err);
	if (!rc && imp_span_eq(a->identity.bytes, IMP_TEXT("NO_SEC")))
		rc = export_refuse(e, "identity", err,
				   "ThingsBoard keeps NO_SEC to "
				   "itself");
	if (!rc && a->secret.bytes.len != 16 && a->secret.bytes.len != 32 &&
	    a->secret.bytes.len != KEY_MAX)
		rc = export_refuse(e, "secret", err,
				   "%zu bytes, ThingsBoard takes 16, 32 or 64",
				   a->secret.bytes.len);
	return rc ? rc : check_cell(e, "identity", a->identity.bytes, err);
}

static int thingsboard(struct exported *e, struct imp_error *err)
{
	static const char *const modes[] = { "PSK", "RPK", "X509" };
	const struct imp_span endpoint = imp_span_str(e->accounts.endpoint);
	const struct account *a = e->account;
	int rc = check_thingsboard(e, err);

	if (rc)
		return rc;
	encode_cell(e->f, endpoint);
	fputc(',', e->f);
	encode_cell(e->f, imp_span_str(e->args->type));
	fputc(',', e->f);
	encode_cell(e->f, endpoint);
	fprintf(e->f, ",%s,", modes[a->mode.number]);
	if (a->mode.number == ACCOUNT_PSK)
		encode_cell(e->f, a->identity.bytes);
	fputc(',', e->f);
	if (a->mode.number == ACCOUNT_PSK)
		encode_hex(e->f, a->secret.bytes);
	else if (a->mode.number == ACCOUNT_RPK)
		encode_base64(e->f, a->identity.bytes);
	fputc(',', e->f);
	if (a->mode.number == ACCOUNT_CERT)
		encode_base64(e->f, a->identity.bytes);
	fputc('\n', e->f);
	return 0;
}

const struct export_format export_thingsboard = {
	.name = "thingsboard",
	.server = "ThingsBoard",
	.typed = true,
	.head = "NAME,TYPE,LWM2M_CLIENT_ENDPOINT,LWM2M_CLIENT_SECURITY_CONFIG_MODE,"
		"LWM2M_CLIENT_IDENTITY,LWM2M_CLIENT_KEY,LWM2M_CLIENT_CERT\n",
	.each = thingsboard,
};
