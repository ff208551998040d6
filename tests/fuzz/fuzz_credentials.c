/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials: what the decoder accepts is written again to the same bytes; what is
 * picked from settings is itself settings, and picking again changes nothing. */
#include "fuzz.h"
#include "object/credentials.h"
#include "object/profile.h"

static uint8_t buf[IMP_CBOR_MAX + 64], again[IMP_CBOR_MAX + 64];

/* Some secret, some not, as a function of the numbers alone. */
static bool is_secret(void *ctx, uint16_t object, uint16_t resource)
{
	(void)ctx;
	return (object + resource) % 5 == 0;
}

static void pick(struct imp_span settings)
{
	const struct imp_secrecy secrecy = { .is_secret = is_secret };
	struct imp_writer w = imp_writer(buf, sizeof(buf)),
			  v = imp_writer(again, sizeof(again));
	size_t n = imp_credentials_pick(settings, &secrecy, &w);

	MUST(w.ok && (n > 0) == (w.len > 0) && w.len <= settings.len);
	if (n == 0)
		return;
	MUST(imp_settings_check(imp_written(&w), NULL) == 0);
	MUST(imp_credentials_pick(imp_written(&w), &secrecy, &v) == n);
	MUST(imp_span_eq(imp_written(&w), imp_written(&v)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imp_span in = { data, size };
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	struct imp_credentials c;
	struct imp_sealed s;
	struct imp_error err;

	if (imp_credentials_decode(in, &c, &err) == 0) {
		imp_credentials_encode(&c, &w);
		MUST(w.ok && imp_span_eq(imp_written(&w), in));
		pick(c.secrets);
	} else if (imp_sealed_decode(in, "credentials", false, &s, &err) == 0) {
		MUST(s.claims.len == 0 && s.ciphertext.len >= IMP_AEAD_TAG);
	} else if (imp_cbor_item_len(in, IMP_CBOR_STRICT, NULL) == size &&
		   imp_settings_check(in, &err) == 0) {
		pick(in);
	}
	return 0;
}
