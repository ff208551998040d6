/* SPDX-License-Identifier: Apache-2.0 */
/* Does nothing, with the libraries of imprint. */
#include <cbor.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <yaml.h>

int main(void)
{
	printf("%s %d %s\n", OpenSSL_version(OPENSSL_VERSION), CBOR_MAJOR_VERSION,
	       yaml_get_version_string());
	return 0;
}
