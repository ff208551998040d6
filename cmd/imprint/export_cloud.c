/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clouds: bulk files of AWS IoT and Azure.
 *
 * Sources: AWS IoT, bulk registration, StartThingRegistrationTask, CreateThing; Azure IoT
 * Hub, import and export device identities in bulk, and its service SDK (SymmetricKey,
 * X509Thumbprint); Azure DPS, Individual Enrollment - Create Or Update, symmetric key
 * attestation.
 */
#include "encode.h"
#include "export.h"
#include "json.h"

/* Azure's symmetric keys, in bytes. */
enum { KEY_MIN = 16, KEY_MAX = 64, NAME_MAX_LEN = 128, AWS_VALUE_MAX = 4096 };

static struct json line(struct exported *e)
{
	return (struct json){ .f = e->f, .first = true };
}

static const char pem_begin[] = "-----BEGIN CERTIFICATE-----";
static const char pem_end[] = "-----END CERTIFICATE-----";

static size_t base64_len(size_t bytes)
{
	return (bytes + 2) / 3 * 4;
}

/* Characters of the armour, with a line end behind each 64 of base64. */
static size_t pem_len(size_t bytes)
{
	size_t base64 = base64_len(bytes);

	return sizeof(pem_begin) + base64 + (base64 + 63) / 64 + sizeof(pem_end);
}

static void put_pem(FILE *f, struct imp_span der)
{
	enum { LINE = 48 };

	fprintf(f, "%s\\n", pem_begin);
	for (size_t at = 0; at < der.len; at += LINE) {
		size_t n = der.len - at < LINE ? der.len - at : LINE;

		encode_base64(f, (struct imp_span){ der.ptr + at, n });
		fputs("\\n", f);
	}
	fprintf(f, "%s\\n", pem_end);
}

/* There is no pre-shared key at AWS IoT: a device has a certificate. */
static int aws(struct exported *e, struct imp_error *err)
{
	const struct account *a = e->account;
	struct json j = line(e);
	int rc = export_need_name(e, NAME_MAX_LEN, ":_-", err);

	if (!rc)
		rc = export_no_oscore(e, err);
	if (!rc && (!a->mode.there || a->mode.number != ACCOUNT_CERT))
		rc = imp_hint(err, export_refuse_mode(e, err),
			      "AWS IoT knows devices by X.509 certificates only: mode "
			      "cert");
	if (!rc)
		rc = export_need_der(e, err);
	if (!rc && pem_len(a->identity.bytes.len) > AWS_VALUE_MAX)
		rc = export_refuse(e, "identity", err,
				   "%zu bytes, AWS IoT takes %d characters of PEM",
				   a->identity.bytes.len, AWS_VALUE_MAX);
	if (rc)
		return rc;
	json_open(&j, NULL, '{');
	json_str(&j, "ThingName", e->accounts.endpoint);
	json_str(&j, "SerialNumber", e->accounts.identity);
	json_open(&j, "CertificatePem", '"');
	put_pem(e->f, a->identity.bytes);
	json_close(&j, '"');
	json_close(&j, '}');
	fputc('\n', e->f);
	return 0;
}

const struct export_format export_aws = {
	.name = "aws",
	.server = "AWS IoT",
	.each = aws,
};

/* Both keys or neither; they may be the same. */
static void put_keys(struct json *j, struct imp_span key)
{
	json_open(j, "symmetricKey", '{');
	json_base64(j, "primaryKey", key);
	json_base64(j, "secondaryKey", key);
	json_close(j, '}');
}

static int check_azure(const struct exported *e, struct imp_error *err)
{
	const struct account *a = e->account;
	int rc = export_no_oscore(e, err);

	if (rc)
		return rc;
	if (a->mode.there && a->mode.number == ACCOUNT_PSK)
		return export_need_psk(e, KEY_MIN, KEY_MAX, err);
	if (a->mode.there && a->mode.number == ACCOUNT_CERT)
		return export_need_der(e, err);
	return export_refuse_mode(e, err);
}

static int put_thumbprint(struct json *j, const struct exported *e, struct imp_error *err)
{
	uint8_t hash[IMP_SHA256_LEN];

	if (imp_sha256(e->crypto, &e->account->identity.bytes, 1, hash))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	json_open(j, "x509Thumbprint", '{');
	json_hex(j, "primaryThumbprint", IMP_SPAN(hash));
	json_close(j, '}');
	return 0;
}

static int azure(struct exported *e, struct imp_error *err)
{
	bool psk = e->account->mode.number == ACCOUNT_PSK;
	struct json j = line(e);
	int rc = export_need_name(e, NAME_MAX_LEN, "-:.+%_#*?!(),=@;$'", err);

	if (!rc)
		rc = check_azure(e, err);
	if (rc)
		return rc;
	json_open(&j, NULL, '{');
	json_str(&j, "id", e->accounts.endpoint);
	json_str(&j, "importMode", "create");
	json_str(&j, "status", "enabled");
	json_open(&j, "authentication", '{');
	json_str(&j, "type", psk ? "sas" : "selfSigned");
	if (psk)
		put_keys(&j, e->account->secret.bytes);
	else
		rc = put_thumbprint(&j, e, err);
	json_close(&j, '}');
	json_close(&j, '}');
	fputc('\n', e->f);
	return rc;
}

const struct export_format export_azure = {
	.name = "azure",
	.server = "Azure IoT Hub",
	.each = azure,
};

/* The last character of a registration id is a letter, a digit or a dash. */
static int check_registration(const struct exported *e, struct imp_error *err)
{
	struct imp_span name = imp_span_str(e->accounts.endpoint);
	uint8_t last = name.ptr[name.len - 1];
	int rc = export_need_name(e, NAME_MAX_LEN, "-._:", err);

	if (!rc && (last == '.' || last == '_' || last == ':'))
		rc = imp_fail(err, IMP_EPOLICY,
			      "%s: endpoint %s: Azure DPS takes a letter, a digit or a "
			      "dash as its last character",
			      e->accounts.device, e->accounts.endpoint);
	return rc;
}

static int azure_dps(struct exported *e, struct imp_error *err)
{
	bool psk = e->account->mode.number == ACCOUNT_PSK;
	struct json j = line(e);
	int rc = check_registration(e, err);

	if (!rc)
		rc = check_azure(e, err);
	if (rc)
		return rc;
	json_open(&j, NULL, '{');
	json_str(&j, "registrationId", e->accounts.endpoint);
	json_str(&j, "deviceId", e->accounts.endpoint);
	json_str(&j, "provisioningStatus", "enabled");
	json_open(&j, "attestation", '{');
	json_str(&j, "type", psk ? "symmetricKey" : "x509");
	if (psk) {
		put_keys(&j, e->account->secret.bytes);
	} else {
		json_open(&j, "x509", '{');
		json_open(&j, "clientCertificates", '{');
		json_open(&j, "primary", '{');
		json_base64(&j, "certificate", e->account->identity.bytes);
		json_close(&j, '}');
		json_close(&j, '}');
		json_close(&j, '}');
	}
	json_close(&j, '}');
	json_close(&j, '}');
	fputc('\n', e->f);
	return 0;
}

const struct export_format export_azure_dps = {
	.name = "azure-dps",
	.server = "Azure DPS",
	.each = azure_dps,
};
