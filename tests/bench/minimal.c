/* SPDX-License-Identifier: Apache-2.0 */
/* The least that signs a file with a PEM key: what sign is measured against. */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	static unsigned char text[65536], sig[128];
	size_t len = sizeof(sig), n;
	FILE *key = argc == 3 ? fopen(argv[1], "r") : NULL;
	FILE *in = key ? fopen(argv[2], "r") : NULL;
	EVP_PKEY *pkey = in ? PEM_read_PrivateKey(key, NULL, NULL, NULL) : NULL;
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	if (!pkey || !md)
		return 1;
	n = fread(text, 1, sizeof(text), in);
	if (EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, pkey) != 1 ||
	    EVP_DigestSign(md, sig, &len, text, n) != 1)
		return 1;
	fwrite(sig, 1, len, stdout);
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(pkey);
	return 0;
}
