/* SPDX-License-Identifier: Apache-2.0 */
/*
 * B9, B10, LED-17: an audit of a large ledger against the hashing of its rows alone, the
 * memory that it takes, and with every signature against verifying them alone.
 *
 * bench_audit [DEVICES]: seven entries each, 15,000 devices where nothing is said; the
 * ledger lies in $TMPDIR.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "cose/key.h"
#include "crypto/key.h"
#include "evidence/card.h"
#include "ledger/audit.h"
#include "ledger/journal.h"
#include "ledger/list.h"
#include "ledger/registry.h"
#include "object/signed.h"

enum { AT_ONCE = 250, ROOM = 2048 };

struct maker {
	struct imp_crypto *crypto;
	struct imp_key key;
	struct imp_signer signer;
	uint8_t kid[32], ueid[15], nonce[32];
	uint8_t owner[32], record[32], profile[32];
};

static void must(int rc, const struct imp_error *err)
{
	if (rc) {
		fprintf(stderr, "bench_audit: %s\n", err->msg);
		exit(1);
	}
}

static struct imp_ledger *open_ledger(const char *path, bool create)
{
	const struct imp_ledger_config config = {
		.name = path, .create = create, .station = "line-7", .cancel_fd = -1
	};
	struct imp_ledger *l = NULL;
	struct imp_error err = { 0 };

	must(imp_ledger_open(&config, &l, &err), &err);
	return l;
}

static void make_device(struct maker *m, unsigned number, struct imp_error *err)
{
	imp_key_fini(&m->key);
	must(imp_key_generate(m->crypto, IMP_CRV_P256, IMP_CLASS_TEST, &m->key, err),
	     err);
	must(imp_key_signer(m->crypto, &m->key, IMP_ALG_ES256, &m->signer, err), err);
	must(imp_cose_kid(m->crypto, &m->key.pub, m->kid), err);
	memset(m->ueid, 0, sizeof(m->ueid));
	m->ueid[0] = 1;
	memcpy(m->ueid + 1, &number, sizeof(number));
	must(imp_random(m->crypto, m->nonce, sizeof(m->nonce)), err);
	must(imp_random(m->crypto, m->profile, sizeof(m->profile)), err);
}

static struct imp_span sign(struct maker *m, enum imp_kind kind, struct imp_span payload,
			    uint8_t *buf, struct imp_error *err)
{
	struct imp_writer w = imp_writer(buf, ROOM);

	must(imp_signed_put_one(m->crypto, &m->signer, kind, (struct imp_span){ 0 },
				payload, &w, NULL),
	     err);
	return imp_written(&w);
}

static void enroll(struct imp_ledger *l, struct maker *m, struct imp_error *err)
{
	uint8_t body[ROOM], card[ROOM];
	struct imp_writer w = imp_writer(body, sizeof(body));
	const struct imp_card c = { .nonce = IMP_SPAN(m->nonce),
				    .ueid = IMP_SPAN(m->ueid),
				    .oemid = 32473,
				    .hwmodel = IMP_TEXT("keel-2"),
				    .signing = m->key.pub,
				    .sealing = m->key.pub,
				    .objects = IMP_TEXT("\xa1\x0a\x63"
							"1.1"),
				    .largest = 4096,
				    .domains = 4 };
	const struct imp_factories none = { 0 };
	struct imp_known known = { 0 };
	enum imp_registration what;

	imp_card_encode(&c, &w);
	must(imp_known_check(m->crypto,
			     sign(m, IMP_KIND_CARD, imp_written(&w), card, err), NULL,
			     &none, &known, err),
	     err);
	must(imp_ledger_register(l, &known, NULL, &what, err), err);
	imp_known_fini(&known);
}

static void fold(struct maker *m, struct imp_head *h, uint8_t kind, uint64_t sequence,
		 const uint8_t id[32])
{
	struct imp_entry e = { .kind = kind, .owner_epoch = 1, .sequence = sequence };
	uint8_t bytes[IMP_ENTRY_LEN];

	memcpy(e.issuer, m->owner, 32);
	memcpy(e.id, id, 32);
	imp_entry_encode(&e, bytes);
	if (imp_head_fold(m->crypto, h, bytes))
		abort();
}

static void prove(struct imp_ledger *l, struct maker *m, struct imp_error *err)
{
	uint8_t body[ROOM], token[ROOM];
	struct imp_writer w = imp_writer(body, sizeof(body));
	struct imp_head head;
	struct imp_evidence e = { .nonce = IMP_SPAN(m->nonce),
				  .ueid = IMP_SPAN(m->ueid),
				  .oemid = 32473,
				  .hwmodel = IMP_TEXT("keel-2"),
				  .dbgstat = 1,
				  .boot = 1,
				  .life = IMP_LIFE_OWNED,
				  .used = 1,
				  .owned = true,
				  .owner = IMP_SPAN(m->owner),
				  .owner_epoch = 1,
				  .record = IMP_SPAN(m->record),
				  .chains = 1,
				  .count = 1 };
	struct imp_proof_of_state proof = { .token = &e,
					    .key = &m->key.pub,
					    .object = m->profile };

	must(imp_head_start(m->crypto, m->kid, 0, &head), err);
	fold(m, &head, IMP_ENTRY_TRANSFER, 0, m->record);
	fold(m, &head, IMP_ENTRY_PROFILE, 1, m->profile);
	e.domain[0] = (struct imp_measured){ .state = IMP_DOMAIN_SET,
					     .sequence = 1,
					     .id = IMP_SPAN(m->profile),
					     .authority = IMP_SPAN(m->owner) };
	e.chain[0] = (struct imp_chain_head){ head.n, IMP_SPAN(head.h) };
	imp_evidence_encode(&e, &w);
	proof.bytes = sign(m, IMP_KIND_EVIDENCE, imp_written(&w), token, err);
	must(imp_ledger_evidence(l, &proof, err), err);
	must(imp_ledger_settle(l, &e, err), err);
}

static void provision(struct imp_ledger *l, struct maker *m, struct imp_error *err)
{
	const struct imp_issued issued = { .object = m->profile,
					   .ueid = IMP_SPAN(m->ueid),
					   .issuer = m->owner,
					   .owner_epoch = 1,
					   .sequence = 1 };
	const struct imp_item item = { .id = m->profile, .object = m->profile };
	const struct imp_delivery delivery = { .object = m->profile,
					       .ueid = IMP_SPAN(m->ueid),
					       .way = IMP_ATTESTED };

	must(imp_ledger_issue(l, &issued, err), err);
	must(imp_ledger_reserve(l, &item, err), err);
	must(imp_ledger_sent(l, m->profile, (struct imp_span){ 0 }, err), err);
	prove(l, m, err);
	must(imp_ledger_deliver(l, &delivery, err), err);
}

struct batch {
	struct maker *m;
	unsigned from, to;
};

static int fill_some(struct imp_ledger *l, void *ctx, struct imp_error *err)
{
	const struct batch *b = ctx;

	for (unsigned i = b->from; i < b->to; i++) {
		make_device(b->m, i, err);
		enroll(l, b->m, err);
		provision(l, b->m, err);
	}
	return 0;
}

static void fill(const char *path, unsigned devices)
{
	struct imp_ledger *l = open_ledger(path, true);
	struct maker m = { 0 };
	struct imp_error err = { 0 };

	must(imp_crypto_new(&m.crypto, &err), &err);
	memset(m.owner, 0x11, sizeof(m.owner));
	memset(m.record, 0x22, sizeof(m.record));
	for (unsigned i = 0; i < devices; i += AT_ONCE) {
		struct batch b = { &m, i, i + AT_ONCE < devices ? i + AT_ONCE : devices };

		must(imp_ledger_do(l, fill_some, &b, &err), &err);
	}
	imp_key_fini(&m.key);
	imp_crypto_free(&m.crypto);
	imp_ledger_close(&l);
}

/* What hashing alone costs: each record, its leaf, the node above it. A clock that is
 * read for each would cost as much, so they are hashed some at a time. */
struct bound {
	struct imp_crypto *crypto;
	struct imp_writer w;
	size_t len[AT_ONCE], count;
	uint64_t ns;
};

static int hash_one(struct imp_crypto *crypto, struct imp_span record)
{
	static const uint8_t salt[32];
	struct imp_hash digest, leaf, node;

	return imp_record_digest(crypto, salt, record, &digest) ||
	       imp_tree_leaf(crypto, (struct imp_span){ digest.byte, 32 }, &leaf) ||
	       imp_tree_node(crypto, &leaf, &digest, &node);
}

static void hash_some(struct bound *b)
{
	const uint8_t *at = b->w.ptr;
	uint64_t from = bench_cpu_ns();

	for (size_t i = 0; i < b->count; at += b->len[i++])
		if (hash_one(b->crypto, (struct imp_span){ at, b->len[i] }))
			abort();
	b->ns += bench_cpu_ns() - from;
	b->count = b->w.len = 0;
}

static int hash_row(void *ctx, uint64_t index, const struct imp_record *r,
		    struct imp_error *err)
{
	struct bound *b = ctx;
	size_t before = b->w.len;

	(void)index;
	if (imp_record_encode(r, &b->w, err))
		return -IMP_EINTERNAL;
	b->len[b->count++] = b->w.len - before;
	if (b->count == AT_ONCE)
		hash_some(b);
	return 0;
}

static int ignore_finding(void *ctx, const struct imp_finding *f, struct imp_error *err)
{
	(void)err;
	*(uint64_t *)ctx +=
		f->code != IMP_FOUND_NOT_ANCHORED && f->code != IMP_FOUND_ASSERTED_KEY;
	return 0;
}

static int ignore_device(void *ctx, const struct imp_audited *d, struct imp_error *err)
{
	(void)ctx;
	(void)d;
	(void)err;
	return 0;
}

static double wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* In a process of its own, whose memory is looked at; what its first thread took goes to
 * standard output. */
static int audit(const char *path, bool deep, unsigned threads)
{
	struct imp_ledger *l = open_ledger(path, false);
	uint64_t found = 0, ns;
	const struct imp_auditing a = { .now_s = (uint64_t)time(NULL),
					.deep = deep,
					.threads = threads,
					.found = ignore_finding,
					.device = ignore_device,
					.ctx = &found };
	struct imp_audit_report r;
	struct imp_error err = { 0 };
	double from = wall();

	must(imp_audit(l, &a, &r, &err), &err);
	imp_ledger_close(&l);
	fprintf(stderr, "%llu entries, %llu devices, %s, threads %u: %.2f s\n",
		(unsigned long long)r.entries, (unsigned long long)r.devices,
		deep ? "deep" : "as kept", threads, wall() - from);
	ns = bench_cpu_ns();
	return found > 0 || fwrite(&ns, sizeof(ns), 1, stdout) != 1;
}

/* What an audit took: seconds of all threads and of the first, MiB. */
struct cost {
	double all, first, memory;
};

static double seconds(const struct rusage *u)
{
	return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) +
	       (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6;
}

static void exec_audit(const char *path, bool deep, unsigned threads, int out)
{
	char count[16];

	snprintf(count, sizeof(count), "%u", threads);
	if (dup2(out, STDOUT_FILENO) >= 0)
		execl("/proc/self/exe", "bench_audit", "--audit", path, deep ? "1" : "0",
		      count, NULL);
	_exit(127);
}

static struct cost in_child(const char *path, bool deep, unsigned threads)
{
	struct rusage usage;
	uint64_t ns = 0;
	int status = 1, out[2];
	pid_t child = pipe(out) ? -1 : fork();

	if (child == 0)
		exec_audit(path, deep, threads, out[1]);
	if (child < 0 || wait4(child, &status, 0, &usage) < 0 || status != 0 ||
	    read(out[0], &ns, sizeof(ns)) != sizeof(ns)) {
		fprintf(stderr, "bench_audit: the audit failed or found something\n");
		exit(1);
	}
	close(out[0]);
	close(out[1]);
	return (struct cost){ seconds(&usage), (double)ns / 1e9,
			      (double)usage.ru_maxrss / 1024 };
}

static double bound_s(const char *path)
{
	static uint8_t room[AT_ONCE * IMP_RECORD_MAX];
	struct imp_ledger *l = open_ledger(path, false);
	struct bound b = { .w = imp_writer(room, sizeof(room)) };
	struct imp_error err = { 0 };

	must(imp_crypto_new(&b.crypto, &err), &err);
	must(imp_ledger_each(l, 0, hash_row, &b, &err), &err);
	hash_some(&b);
	imp_crypto_free(&b.crypto);
	imp_ledger_close(&l);
	return (double)b.ns / 1e9;
}

/* What verifying a signature costs by itself, microseconds. */
static double verify_us(void)
{
	enum { ROUNDS = 2000 };
	uint8_t text[600], sig[64];
	const struct imp_span part = IMP_SPAN(text), made = IMP_SPAN(sig);
	struct maker m = { 0 };
	struct imp_error err = { 0 };
	uint64_t from;

	memset(text, 0x33, sizeof(text));
	must(imp_crypto_new(&m.crypto, &err), &err);
	make_device(&m, 1, &err);
	must(m.signer.sign(m.signer.ctx, &part, 1, sig), &err);
	from = bench_cpu_ns();
	for (unsigned i = 0; i < ROUNDS; i++)
		if (imp_verify(m.crypto, IMP_ALG_ES256, &m.key.pub, &part, 1, made))
			must(-1, &err);
	from = bench_cpu_ns() - from;
	imp_key_fini(&m.key);
	imp_crypto_free(&m.crypto);
	return (double)from / 1e3 / ROUNDS;
}

enum { ROUNDS = 5 };

/* Times hashing alone, the median of some rounds; what the cheapest audit took. */
static double against_hashing(const char *path, struct cost *plain)
{
	double ratio[ROUNDS];

	*plain = (struct cost){ .all = 1e9 };
	for (size_t i = 0; i < ROUNDS; i++) {
		double bound = bound_s(path);
		struct cost c = in_child(path, false, 1);

		ratio[i] = c.all / bound;
		if (c.all < plain->all)
			*plain = c;
	}
	return bench_median(ratio, ROUNDS);
}

/* How many times as fast two threads verify as one, on two processors that are free: by
 * what each takes, since the processors here may not be. */
static double two_threads(const struct cost *plain, const struct cost *one,
			  const struct cost *two)
{
	double half = (two->all - plain->all) / 2, first = two->first - plain->first;

	return (one->all - plain->all) / (half > first ? half : first);
}

int main(int argc, char **argv)
{
	unsigned devices = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 15000;
	const char *tmp = getenv("TMPDIR");
	char folder[200], path[240];
	struct cost plain, deep, two;
	double verify[3];
	bool good = true;

	if (argc == 5 && strcmp(argv[1], "--audit") == 0)
		return audit(argv[2], argv[3][0] == '1',
			     (unsigned)strtoul(argv[4], NULL, 10));
	snprintf(folder, sizeof(folder), "%s/imprint-bench-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof(path), "%s/line.db", folder);
	fill(path, devices);
	/* Hashing is a seventh of an audit. SQLite alone takes twice as much to give the
	 * rows, in their order and by device. */
	good &= bench_report("B9 audit against hashing its rows, times",
			     against_hashing(path, &plain), 10.0);
	verify[0] = verify_us();
	deep = in_child(path, true, 1);
	verify[1] = verify_us();
	two = in_child(path, true, 2);
	verify[2] = verify_us();
	good &= bench_report("B9 audit, peak memory, MiB", plain.memory, 32.0);
	good &= bench_report("B10 deep audit, peak memory, MiB", deep.memory, 40.0);
	good &= bench_at_least(
		"B10 verifying alone against a signature of the deep audit",
		bench_median(verify, COUNTOF(verify)) /
			(1e6 * (deep.all - plain.all) / (2.0 * devices)),
		0.95, 0.70);
	good &= bench_at_least("B10 signatures by two threads, times one",
			       two_threads(&plain, &deep, &two), 1.7, 1.4);
	good &= bench_report("B10 deep audit by two threads, peak memory, MiB",
			     two.memory, 40.0);
	unlink(path);
	rmdir(folder);
	return !good;
}
