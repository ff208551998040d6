/* SPDX-License-Identifier: Apache-2.0 */
/*
 * B1, B3, B5: signing and sealing a profile against the cryptography that it cannot do
 * without: the same sizes, the same EVP calls and nothing else. Blocks of 256 devices of
 * either kind alternate in each thread, the order swapped from pair to pair; CPU time of
 * the thread. What two threads gain over one is the processor's doing (two cores, or two
 * halves of one); that they do not stand in each other's way shows in B1 of both. Also
 * how many allocations a device takes, and how many of them are ours.
 */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "crypto/key.h"
#include "issue/seal.h"
#include "object/profile.h"

enum { BLOCK = 256, PAIRS = 9, PROFILE_LEN = 420, AAD_LEN = 190, CONTENT_LEN = 600 };

/* Allocations, counted; `ours` are called from this program, which holds the libraries.
 */
extern char __executable_start, etext;
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t m);
void *__libc_realloc(void *p, size_t n);
static __thread uint64_t allocations, ours;
static __thread bool counting;

static void count(const void *caller)
{
	if (!counting)
		return;
	allocations++;
	ours += (const char *)caller >= &__executable_start &&
		(const char *)caller < &etext;
}

void *malloc(size_t n)
{
	count(__builtin_return_address(0));
	return __libc_malloc(n);
}

void *calloc(size_t n, size_t m)
{
	count(__builtin_return_address(0));
	return __libc_calloc(n, m);
}

void *realloc(void *p, size_t n)
{
	count(__builtin_return_address(0));
	return __libc_realloc(p, n);
}

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench_issue: %s failed\n", what);
	exit(1);
}

/* What a thread has. */
struct lane {
	pthread_t thread;
	struct imp_crypto *crypto;
	struct imp_signer *signer;
	const struct imp_pub *peer;
	struct imp_span profile;
	EVP_PKEY *key, *p256;
	double ratio[PAIRS], ns[PAIRS];
};

/* Fetched once, as anybody would. */
struct evp {
	EVP_MD *sha256;
	EVP_CIPHER *gcm, *wrap;
	EVP_KDF *hkdf;
	EVP_PKEY_CTX *keygen;
	EVP_MD_CTX *md;
	EVP_CIPHER_CTX *cipher;
};

static void evp_open(struct evp *e)
{
	e->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	e->gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	e->wrap = EVP_CIPHER_fetch(NULL, "AES-256-WRAP", NULL);
	e->hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	e->keygen = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	e->md = EVP_MD_CTX_new();
	e->cipher = EVP_CIPHER_CTX_new();
	must(EVP_PKEY_keygen_init(e->keygen) == 1 &&
		     EVP_PKEY_CTX_set_group_name(e->keygen, "P-256") == 1,
	     "keygen");
}

static void evp_close(struct evp *e)
{
	EVP_MD_free(e->sha256);
	EVP_CIPHER_free(e->gcm);
	EVP_CIPHER_free(e->wrap);
	EVP_KDF_free(e->hkdf);
	EVP_PKEY_CTX_free(e->keygen);
	EVP_MD_CTX_free(e->md);
	EVP_CIPHER_CTX_free(e->cipher);
}

static void digest(const struct evp *e, const uint8_t *in, size_t len, uint8_t out[32])
{
	must(EVP_DigestInit_ex2(e->md, e->sha256, NULL) == 1 &&
		     EVP_DigestUpdate(e->md, in, len) == 1 &&
		     EVP_DigestFinal_ex(e->md, out, NULL) == 1,
	     "digest");
}

static void sign(const struct evp *e, EVP_PKEY *key, const uint8_t *in)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	uint8_t hash[32], der[80];
	size_t len = sizeof(der);

	digest(e, in, PROFILE_LEN + 80, hash);
	must(EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_sign(ctx, der, &len, hash, 32) == 1,
	     "sign");
	EVP_PKEY_CTX_free(ctx);
}

static void agree(const struct evp *e, const struct lane *l, uint8_t z[32])
{
	EVP_PKEY *peer = EVP_PKEY_new(), *own = NULL;
	EVP_PKEY_CTX *ctx;
	uint8_t point[65] = { 4 };
	size_t len = 32;

	memcpy(point + 1, l->peer->x, 32);
	memcpy(point + 33, l->peer->y, 32);
	must(EVP_PKEY_copy_parameters(peer, l->p256) == 1 &&
		     EVP_PKEY_set1_encoded_public_key(peer, point, sizeof(point)) == 1 &&
		     EVP_PKEY_generate(e->keygen, &own) == 1 &&
		     EVP_PKEY_get_octet_string_param(own, OSSL_PKEY_PARAM_PUB_KEY, point,
						     sizeof(point), &len) == 1,
	     "keys");
	len = 32;
	ctx = EVP_PKEY_CTX_new(own, NULL);
	must(EVP_PKEY_derive_init(ctx) == 1 &&
		     EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) == 1 &&
		     EVP_PKEY_derive(ctx, z, &len) == 1,
	     "derive");
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(own);
	EVP_PKEY_free(peer);
}

static void derive(const struct evp *e, uint8_t z[32], uint8_t out[32])
{
	EVP_KDF_CTX *k = EVP_KDF_CTX_new(e->hkdf);
	uint8_t info[70] = { 0 };
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256",
						 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, z, 32),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info,
						  sizeof(info)),
		OSSL_PARAM_construct_end(),
	};

	must(EVP_KDF_derive(k, out, 32, params) == 1, "HKDF");
	EVP_KDF_CTX_free(k);
}

static void wrap(const struct evp *e, uint8_t z[32], uint8_t cek[32])
{
	uint8_t kek[32], out[48];
	int n = 0;

	derive(e, z, kek);
	EVP_CIPHER_CTX_reset(e->cipher);
	EVP_CIPHER_CTX_set_flags(e->cipher, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	must(EVP_EncryptInit_ex2(e->cipher, e->wrap, kek, NULL, NULL) == 1 &&
		     EVP_EncryptUpdate(e->cipher, out, &n, cek, 32) == 1,
	     "wrap");
}

static void encrypt(const struct evp *e, const uint8_t cek[32], const uint8_t iv[12],
		    uint8_t *buf)
{
	uint8_t tag[16];
	int n = 0;

	EVP_CIPHER_CTX_reset(e->cipher);
	must(EVP_EncryptInit_ex2(e->cipher, e->gcm, cek, iv, NULL) == 1 &&
		     EVP_EncryptUpdate(e->cipher, NULL, &n, buf, AAD_LEN) == 1 &&
		     EVP_EncryptUpdate(e->cipher, buf, &n, buf, CONTENT_LEN) == 1 &&
		     EVP_EncryptFinal_ex(e->cipher, buf, &n) == 1 &&
		     EVP_CIPHER_CTX_ctrl(e->cipher, EVP_CTRL_AEAD_GET_TAG, 16, tag) == 1,
	     "GCM");
}

/* One device: what nobody can leave out. */
static void bound(const struct evp *e, const struct lane *l)
{
	uint8_t buf[1024] = { 0 }, random[44], z[32], hash[32];

	sign(e, l->key, buf);
	digest(e, buf, PROFILE_LEN + 80, hash); /* the profile's id */
	digest(e, buf, 75, hash);		/* the sealing key's kid */
	must(RAND_bytes(random, sizeof(random)) == 1, "random");
	agree(e, l, z);
	wrap(e, z, random);
	encrypt(e, random, random + 32, buf);
}

static void ours_do(const struct lane *l)
{
	static const struct imp_sealer sealer = { .accept_asserted = true };
	uint8_t package[4096];
	struct imp_writer p = imp_writer(package, sizeof(package));
	const struct imp_right right = { .signer = l->signer };
	bool asserted;

	must(imp_issue_pack(l->crypto, &right, &sealer, l->peer, l->profile, &p,
			    &asserted, NULL) == 0,
	     "issue");
}

static void *run(void *arg)
{
	struct lane *l = arg;
	struct evp e;

	evp_open(&e);
	bound(&e, l);
	ours_do(l);
	for (int i = 0; i < PAIRS; i++) {
		uint64_t ns[2];

		for (int k = 0; k < 2; k++) {
			bool first = (i + k) % 2;
			uint64_t from = bench_cpu_ns();

			for (int n = 0; n < BLOCK; n++)
				first ? bound(&e, l) : ours_do(l);
			ns[first] = bench_cpu_ns() - from;
		}
		l->ratio[i] = (double)ns[1] / (double)ns[0];
		l->ns[i] = (double)ns[0] / BLOCK;
	}
	evp_close(&e);
	return NULL;
}

static struct imp_span make_profile(uint8_t buf[1024])
{
	static uint8_t settings[512];
	struct imp_writer s = imp_writer(settings, sizeof(settings));
	struct imp_writer w = imp_writer(buf, 1024);
	struct imp_profile p = { .domain = 0, .sequence = 7, .epochs = { 1, 0 } };
	static uint8_t ueid[15] = { 3 }, salt[16];

	imp_cbor_put_map(&s, 1);
	imp_cbor_put_uint(&s, 11);
	imp_cbor_put_map(&s, 14);
	for (unsigned i = 0; i < 14; i++) {
		imp_cbor_put_uint(&s, i);
		imp_cbor_put_map(&s, 1);
		imp_cbor_put_uint(&s, 1);
		imp_cbor_put_text(&s, IMP_TEXT("twenty characters..."));
	}
	p.target.ueid = IMP_SPAN(ueid);
	p.salt = IMP_SPAN(salt);
	p.label = IMP_TEXT("bench");
	p.settings = imp_written(&s);
	imp_profile_encode(&p, &w);
	return imp_written(&w);
}

/* Each thread's median ratio, the lowest of them; and ns a device, the highest. */
static void measure(struct lane *lane, unsigned threads, double *ratio, double *ns)
{
	*ratio = 10;
	*ns = 0;
	for (unsigned i = 0; i < threads; i++)
		must(pthread_create(&lane[i].thread, NULL, run, &lane[i]) == 0, "thread");
	for (unsigned i = 0; i < threads; i++) {
		double r, n;

		pthread_join(lane[i].thread, NULL);
		r = bench_median(lane[i].ratio, PAIRS);
		n = bench_median(lane[i].ns, PAIRS);
		*ratio = r < *ratio ? r : *ratio;
		*ns = n > *ns ? n : *ns;
	}
}

/* So many devices' cryptography and no more: what bench_pack.py holds a command against.
 * That is the salt's HMAC and a generated secret's HKDF, too. */
static int only_bound(struct lane *l, long devices)
{
	uint8_t buf[PROFILE_LEN] = { 0 }, z[32] = { 0 }, out[32];
	size_t len;
	struct evp e;

	evp_open(&e);
	for (long i = 0; i < devices; i++) {
		must(EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, z, sizeof(z), buf,
			       sizeof(buf), out, sizeof(out), &len) != NULL,
		     "HMAC");
		derive(&e, z, out);
		bound(&e, l);
	}
	evp_close(&e);
	return 0;
}

int main(int argc, char **argv)
{
	static uint8_t buf[1024];
	struct imp_key key = { 0 };
	struct imp_signer signer;
	struct imp_pub peer;
	struct lane lane[2] = { 0 };
	uint8_t d[32];
	double one, two, ns_one, ns_two;
	bool good = true;

	for (int i = 0; i < 2; i++)
		must(imp_crypto_new(&lane[i].crypto, NULL) == 0, "crypto");
	must(imp_key_generate(lane[0].crypto, IMP_CRV_P256, IMP_CLASS_TEST, &key, NULL) ==
			     0 &&
		     imp_key_signer(lane[0].crypto, &key, 0, &signer, NULL) == 0 &&
		     imp_soft_make(lane[0].crypto, IMP_CRV_P256, d, &peer) == 0,
	     "keys");
	for (int i = 0; i < 2; i++) {
		lane[i].signer = &signer;
		lane[i].peer = &peer;
		lane[i].profile = make_profile(buf);
		lane[i].key = key.impl;
		lane[i].p256 = EVP_EC_gen("P-256");
	}
	if (argc > 1)
		return only_bound(&lane[0], strtol(argv[1], NULL, 10));
	measure(lane, 1, &one, &ns_one);
	measure(lane, 2, &two, &ns_two);
	counting = true;
	for (int i = 0; i < BLOCK; i++)
		ours_do(&lane[0]);
	counting = false;
	good &= bench_at_least("B1 of the bound, one thread", one, 0.92, 0.85);
	good &= bench_at_least("B1 of the bound, two threads", two, 0.92, 0.85);
	good &= bench_at_least("B3 two threads, times one thread's rate by CPU time",
			       2 * ns_one / ns_two, 1.6, 1.1);
	good &= bench_report("B5 allocations a device", (double)allocations / BLOCK, 260);
	good &= bench_report("B5 allocations of ours", (double)ours / BLOCK, 8);
	printf("{\"metric\":\"microseconds a device\",\"value\":%.1f}\n", ns_one / 1000);
	return !good;
}
