/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys in text: what armour they stand in, then what form they have. */
#include <string.h>

#include "base/digits.h"
#include "cose/key.h"
#include "crypto/alg.h"
#include "crypto/key.h"
#include "source/build.h"
#include "source/pubkey.h"

enum { KEY_MAX = 512, POINT_LEN = 65, RAW_LEN = 32, SEQUENCE = 0x30, MAP = 0xa0 };

static int from_bytes(struct imp_span in, struct imp_pub *out, struct imp_error *err)
{
	struct imp_cose_key key;
	int rc;

	if (in.len == POINT_LEN && in.ptr[0] == 4) {
		*out = (struct imp_pub){ .crv = IMP_CRV_P256 };
		memcpy(out->x, in.ptr + 1, 32);
		memcpy(out->y, in.ptr + 33, 32);
		return 0;
	}
	if (in.len == RAW_LEN) {
		*out = (struct imp_pub){ .crv = IMP_CRV_X25519 };
		memcpy(out->x, in.ptr, 32);
		return 0;
	}
	if (in.len > 0 && in.ptr[0] == SEQUENCE)
		return imp_pub_from_spki("key", in, out, err);
	if (in.len > 0 && (in.ptr[0] & 0xe0) == MAP) {
		rc = imp_cose_key_parse(in, &key, err);
		if (!rc && (key.k.len > 0 || key.d.len > 0))
			rc = imp_fail(err, IMP_EPOLICY,
				      "a private key, expected a public one");
		if (!rc)
			*out = key.pub;
		return rc;
	}
	return imp_fail(err, IMP_EFORMAT,
			"%zu bytes that are no SubjectPublicKeyInfo, COSE_Key, point of "
			"65 bytes or X25519 key of 32",
			in.len);
}

static int from_armour(const char *text, struct imp_pub *out, struct imp_error *err)
{
	uint8_t buf[KEY_MAX];
	struct imp_writer hex = imp_writer(buf, sizeof(buf));
	struct imp_writer base64;

	if (strncmp(text, "-----BEGIN", 10) == 0)
		return imp_pub_from_pem("key", imp_span_str(text), out, err);
	if (imp_from_hex(imp_span_str(text), &hex) && hex.ok)
		return from_bytes(imp_written(&hex), out, err);
	base64 = imp_writer(buf, sizeof(buf));
	if (imp_from_base64(imp_span_str(text), &base64) && base64.ok)
		return from_bytes(imp_written(&base64), out, err);
	return imp_fail(err, IMP_EFORMAT, "is neither PEM, nor hex, nor base64 of a key");
}

int imp_pub_from_text(const char *text, struct imp_pub *out, struct imp_error *err)
{
	struct imp_pub pub = { 0 };
	int rc = from_armour(text, &pub, err);

	if (!rc && pub.crv == IMP_CRV_ED25519)
		rc = imp_fail(err, IMP_EPOLICY,
			      "an Ed25519 key only signs, expected P-256 or X25519");
	if (!rc)
		*out = pub;
	return rc;
}
