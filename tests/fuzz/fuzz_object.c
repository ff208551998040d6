/* SPDX-License-Identifier: Apache-2.0 */
/* Our objects: what a decoder accepts, its encoder writes again to the same bytes. */
#include <string.h>

#include "fuzz.h"
#include "object/challenge.h"
#include "object/command.h"
#include "object/grant.h"
#include "object/package.h"
#include "object/profile.h"
#include "object/signed.h"
#include "object/transfer.h"

static uint8_t buf[IMP_CBOR_MAX + 64];

static void same(struct imp_writer *w, struct imp_span in)
{
	MUST(w->ok && imp_span_eq(imp_written(w), in));
}

static void settings(struct imp_span all)
{
	struct imp_settings_walk walk;
	size_t n = 0;

	imp_settings_begin(&walk, all);
	while (imp_settings_next(&walk))
		n++;
	MUST(walk.c.at == all.len && n <= all.len);
}

/* Entries ascend, and end where the map does. */
static void granted(struct imp_span all)
{
	struct imp_granted_walk walk;
	uint64_t last = 0, here;
	size_t n = 0;

	imp_granted_begin(&walk, all);
	for (; imp_granted_next(&walk); n++, last = here) {
		here = (uint64_t)walk.object << 17 | (walk.all ? 0 : 1u + walk.instance);
		MUST(n == 0 || here > last);
	}
	MUST(n > 0 && walk.c.at == all.len);
}

/* What was taken apart is put together again from its parts. */
static void leaf(const struct imp_signed *s, struct imp_span in)
{
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	struct imp_path path = { .count = s->leaf.hashes };

	MUST(s->kind == s->leaf.root.leaves && s->leaf.index < s->leaf.root.size);
	MUST(path.count <= 32 && s->leaf.path.len == 34 * path.count);
	for (size_t i = 0; i < path.count; i++)
		memcpy(path.hash[i].byte, s->leaf.path.ptr + 34 * i + 2, 32);
	MUST(imp_batched_put(&w, &s->cose, s->payload, s->leaf.index, &path) == 0);
	same(&w, in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct imp_span in = { data, size };
	struct imp_writer w = imp_writer(buf, sizeof(buf));
	struct imp_error err;
	struct imp_profile p;
	struct imp_transfer t;
	struct imp_command m;
	struct imp_challenge c;
	struct imp_grant g;
	struct imp_root r;
	struct imp_package k;
	struct imp_signed s;

	if (imp_profile_decode(in, &p, &err) == 0) {
		imp_profile_encode(&p, &w);
		same(&w, in);
		settings(p.settings);
	} else if (imp_transfer_decode(in, &t, &err) == 0) {
		imp_transfer_encode(&t, &w);
		same(&w, in);
	} else if (imp_command_decode(in, &m, &err) == 0) {
		imp_command_encode(&m, &w);
		same(&w, in);
	} else if (imp_challenge_decode(in, &c, &err) == 0) {
		imp_challenge_encode(&c, &w);
		same(&w, in);
	} else if (imp_grant_decode(in, &g, &err) == 0) {
		imp_grant_encode(&g, &w);
		same(&w, in);
		granted(g.objects);
	} else if (imp_root_decode(in, &r, &err) == 0) {
		imp_root_encode(&r, &w);
		same(&w, in);
		MUST(r.size > 0 && imp_kind_batches(r.leaves));
	} else if (imp_package_decode(in, &k, &err) == 0) {
		MUST(k.sealed.ciphertext.len >= IMP_AEAD_TAG &&
		     k.sealed.wrapped.len == IMP_WRAPPED_LEN);
	} else if (imp_signed_decode(in, &s, &err) == 0) {
		MUST(s.issuer.len == IMP_KID_LEN && s.cose.count >= 1);
		if (s.batched)
			leaf(&s, in);
	}
	return 0;
}
