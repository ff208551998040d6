/* SPDX-License-Identifier: Apache-2.0 */
/* Objects that are leaves of a signed batch: taken as if signed so themselves, and
 * refused where anything of leaf, proof or root is another. */
#include <criterion/criterion.h>
#include <string.h>

#include "kit.h"

static struct scene s;
static uint8_t buf[KIT_CAP];

/* What the agent asks of its cryptography, counted; the linker puts these in between. */
static unsigned verified, hashed;

int __real_imp_verify(struct imp_crypto *c, int32_t alg, const struct imp_pub *pub,
		      const struct imp_span *part, size_t count, struct imp_span sig);
int __wrap_imp_verify(struct imp_crypto *c, int32_t alg, const struct imp_pub *pub,
		      const struct imp_span *part, size_t count, struct imp_span sig);
int __real_imp_sha256(struct imp_crypto *c, const struct imp_span *part, size_t count,
		      uint8_t out[IMP_SHA256_LEN]);
int __wrap_imp_sha256(struct imp_crypto *c, const struct imp_span *part, size_t count,
		      uint8_t out[IMP_SHA256_LEN]);

int __wrap_imp_verify(struct imp_crypto *c, int32_t alg, const struct imp_pub *pub,
		      const struct imp_span *part, size_t count, struct imp_span sig)
{
	verified++;
	return __real_imp_verify(c, alg, pub, part, count, sig);
}

int __wrap_imp_sha256(struct imp_crypto *c, const struct imp_span *part, size_t count,
		      uint8_t out[IMP_SHA256_LEN])
{
	hashed++;
	return __real_imp_sha256(c, part, count, out);
}

static void claimed(void)
{
	scene_start(&s, false);
	scene_claim(&s, &s.dev);
}

static void finish(void)
{
	scene_stop(&s);
}

TestSuite(agent_leaf, .init = claimed, .fini = finish);

/* The reason, and neither flash nor state may have changed. */
static void expect(struct imp_span object, enum imp_reason want, const char *what)
{
	static struct imp_agent_state before;
	unsigned ops = s.dev.ops, got;

	memcpy(&before, &s.dev.agent.state, sizeof(before));
	got = board_push(&s.dev, object, NULL);
	cr_assert_eq(got, want, "%s: %u", what, got);
	cr_assert_eq(s.dev.ops, ops, "%s", what);
	cr_assert_eq(memcmp(&s.dev.agent.state, &before, sizeof(before)), 0, "%s", what);
}

Test(agent_leaf, each_place_in_trees_of_every_shape)
{
	static const uint32_t sizes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 13 };
	struct spec spec = { .domain = 1 };
	uint8_t id[32];

	for (size_t i = 0; i < COUNTOF(sizes); i++)
		for (uint32_t at = 0; at < sizes[i]; at++) {
			const struct leaf_spec leaf = { .size = sizes[i], .index = at };
			struct imp_span object;
			bool again;

			spec.leaf = &leaf;
			spec.sequence++;
			object = make_package(&s, &spec, buf, id);
			cr_assert_eq(board_push(&s.dev, object, &again), 0, "%u of %u",
				     at, sizes[i]);
			cr_assert_not(again);
			cr_assert_arr_eq(s.dev.agent.state.domain[0].id, id, 32);
			cr_assert_eq(board_push(&s.dev, object, &again), 0);
			cr_assert(again);
		}
}

/* One signature, and beside the hashes of a profile that is signed by itself: the leaf's
 * identity again, its hash, and one a level. */
Test(agent_leaf, costs_one_signature_and_a_hash_a_level)
{
	static const struct {
		uint32_t size, index;
		unsigned hashes;
	} trees[] = { { 1, 0, 0 }, { 2, 1, 1 }, { 1024, 77, 10 }, { 1025, 1024, 1 } };
	struct spec spec = { .domain = 1, .sequence = 1 };
	struct imp_span object;
	unsigned alone;

	cr_assert_eq(push_package(&s, &spec, NULL), 0); /* its chain begins */
	spec.sequence++;
	object = make_package(&s, &spec, buf, NULL);
	hashed = 0;
	cr_assert_eq(board_push(&s.dev, object, NULL), 0);
	alone = hashed;
	for (size_t i = 0; i < COUNTOF(trees); i++) {
		const struct leaf_spec leaf = { trees[i].size, trees[i].index };

		spec.leaf = &leaf;
		spec.sequence++;
		object = make_package(&s, &spec, buf, NULL);
		verified = hashed = 0;
		cr_assert_eq(board_push(&s.dev, object, NULL), 0);
		cr_assert_eq(hashed, alone + 2 + trees[i].hashes, "%u", hashed - alone);
		cr_assert_eq(verified, 1);
	}
}

/* The same profile signed by itself is another object of the same sequence: ROLL-01. */
Test(agent_leaf, sequence_is_shared_with_what_is_signed_by_itself)
{
	const struct leaf_spec leaf = { .size = 3, .label = IMP_TEXT("line 4") };
	struct spec spec = { .domain = 1, .sequence = 7, .leaf = &leaf };

	cr_assert_eq(push_package(&s, &spec, NULL), 0);
	spec.leaf = NULL;
	expect(make_package(&s, &spec, buf, NULL), IMP_R_SEQUENCE, "by itself");
	spec.sequence = 8;
	cr_assert_eq(push_package(&s, &spec, NULL), 0);
	spec.sequence = 7;
	spec.leaf = &leaf;
	expect(make_package(&s, &spec, buf, NULL), IMP_R_SEQUENCE, "as a leaf");
}

static const uint8_t foreign[32] = { 7 };

/* What is wrong with a leaf, and the reason in clear; in a package all that is about form
 * is one, `decrypt`. */
static const struct fault {
	const char *name;
	struct leaf_spec leaf;
	enum imp_reason clear;
} faults[] = {
	{ "path of another leaf", { 5, 3, .id = foreign }, IMP_R_SIGNATURE },
	{ "another root", { 5, 3, .root = foreign }, IMP_R_SIGNATURE },
	{ "another root of one", { 1, 0, .root = foreign }, IMP_R_SIGNATURE },
	{ "index beside it", { 5, 3, .proof_index = 1 + 2 }, IMP_R_SIGNATURE },
	{ "index with another path", { 5, 3, .proof_index = 1 + 4 }, IMP_R_MALFORMED },
	{ "index at the end", { 4, 3, .proof_index = 1 + 4 }, IMP_R_MALFORMED },
	{ "index far away", { 4, 3, .proof_index = UINT32_MAX }, IMP_R_MALFORMED },
	{ "longer path", { 5, 3, .longer = 1 }, IMP_R_MALFORMED },
	{ "longer path of one", { 1, 0, .longer = 1 }, IMP_R_MALFORMED },
	{ "shorter path", { 5, 3, .longer = -1 }, IMP_R_MALFORMED },
	{ "no path", { 5, 3, .longer = -3 }, IMP_R_MALFORMED },
	{ "hash of 31 bytes", { 5, 3, .short_hash = 2 }, IMP_R_MALFORMED },
	{ "size 0", { 1, 0, .no_size = true }, IMP_R_MALFORMED },
	{ "another size in the proof", { 5, 3, .proof_size = 6 }, IMP_R_MALFORMED },
	{ "another size in the batch", { 5, 3, .signed_size = 6 }, IMP_R_MALFORMED },
	{ "leaf by another kid", { 5, 3, .header_kid = foreign }, IMP_R_MALFORMED },
	{ "foreign typ in the leaf",
	  { 5, 3, .header_kind = IMP_KIND_GRANT },
	  IMP_R_MALFORMED },
	{ "foreign typ in the batch", { 5, 3, .kind = IMP_KIND_GRANT }, IMP_R_MALFORMED },
	{ "batch of grants",
	  { 5, 3, .kind = IMP_KIND_GRANT, .header_kind = IMP_KIND_GRANT },
	  IMP_R_UNSUPPORTED },
	{ "batch of commands",
	  { 5, 3, .kind = IMP_KIND_COMMAND, .header_kind = IMP_KIND_COMMAND },
	  IMP_R_MALFORMED },
	{ "batch in a batch",
	  { 5, 3, .kind = IMP_KIND_BATCH, .header_kind = IMP_KIND_BATCH },
	  IMP_R_MALFORMED },
	{ "leaf in no batch", { 5, 3, .typ = IMP_KIND_GRANT }, IMP_R_MALFORMED },
	{ "root signed as something else",
	  { 5, 3, .signed_as = IMP_KIND_GRANT },
	  IMP_R_SIGNATURE },
	{ "bytes after the leaf", { 5, 3, .rest = REST_LEAF }, IMP_R_MALFORMED },
	{ "bytes after the proof", { 5, 3, .rest = REST_PROOF }, IMP_R_MALFORMED },
	{ "bytes after the payload", { 5, 3, .rest = REST_PAYLOAD }, IMP_R_MALFORMED },
	{ "one more header", { 5, 3, .rest = REST_HEADERS }, IMP_R_MALFORMED },
	{ "leaf without a proof", { 5, 3, .no_proof = true }, IMP_R_MALFORMED },
	{ "proof without a leaf", { 5, 3, .no_leaf = true }, IMP_R_MALFORMED },
	{ "a batch alone",
	  { 5, 3, .no_leaf = true, .no_proof = true },
	  IMP_R_UNSUPPORTED },
};

Test(agent_leaf, whatever_is_wrong_in_a_package_is_refused)
{
	const struct leaf_spec good = { 5, 3 };
	struct spec spec = { .domain = 1 };

	for (size_t i = 0; i < COUNTOF(faults); i++) {
		spec.leaf = &faults[i].leaf;
		expect(make_package(&s, &spec, buf, NULL),
		       faults[i].clear == IMP_R_SIGNATURE ? IMP_R_SIGNATURE
							  : IMP_R_DECRYPT,
		       faults[i].name);
	}
	spec.leaf = &good;
	spec.spoil_signature = true;
	expect(make_package(&s, &spec, buf, NULL), IMP_R_SIGNATURE, "the signature");
	spec.spoil_signature = false;
	cr_assert_eq(push_package(&s, &spec, NULL), 0);
}

Test(agent_leaf, whatever_is_wrong_in_clear_is_refused)
{
	const struct leaf_spec good = { 5, 3 };
	struct claim_spec spec = { 0 };

	scene_stop(&s);
	scene_start(&s, false);
	scene_enroll(&s.dev);
	for (size_t i = 0; i < COUNTOF(faults); i++) {
		spec.leaf = &faults[i].leaf;
		expect(make_claim(&s, &s.dev, &spec, buf), faults[i].clear,
		       faults[i].name);
	}
	spec.leaf = &good;
	cr_assert_eq(board_push(&s.dev, make_claim(&s, &s.dev, &spec, buf), NULL), 0);
}

/* BIND-01, BIND-02: a leaf is for one device, wherever its batch goes. */
Test(agent_leaf, leaf_of_another_device_is_not_for_me)
{
	const struct leaf_spec leaf = { 2, 1 };
	struct spec spec = { .domain = 1, .leaf = &leaf, .target = &s.other };

	expect(make_package(&s, &spec, buf, NULL), IMP_R_NOT_FOR_ME, "another's leaf");
	scene_enroll(&s.other);
	spec.recipient = &s.other;
	expect(make_package(&s, &spec, buf, NULL), IMP_R_NOT_FOR_ME, "another's package");
}

/* As if signed so: scope, sequence and approval come first, the tree with the signature.
 */
Test(agent_leaf, order_of_checks)
{
	const struct leaf_spec leaf = { 5, 3, .id = foreign };
	struct spec spec = { .domain = 1, .sequence = 5, .leaf = &leaf };

	expect(make_package(&s, &spec, buf, NULL), IMP_R_SIGNATURE, "tree");
	spec.signer = &s.owner.signer;
	spec.signers = 1;
	expect(make_package(&s, &spec, buf, NULL), IMP_R_APPROVAL, "approval");
	spec.issuer = &s.stranger;
	spec.signer = NULL;
	expect(make_package(&s, &spec, buf, NULL), IMP_R_SCOPE, "scope");
	spec.epochs[0] = 2;
	expect(make_package(&s, &spec, buf, NULL), IMP_R_EPOCH, "epoch");
	spec.outer_differs = 1;
	expect(make_package(&s, &spec, buf, NULL), IMP_R_MALFORMED, "inner, outer");
}

/* The grant stands in header 13 of the batch, and may be a leaf itself. */
Test(agent_leaf, by_a_grant)
{
	static uint8_t grant[KIT_CAP];
	struct leaf_spec above = { 4, 2 };
	const struct leaf_spec leaf = { 6, 4 };
	struct grant_spec given = { .leaf = &above };
	struct spec spec = { .domain = 1, .issuer = &s.tenant };

	above.id = foreign;
	spec.grant = make_grant(&s, &given, grant);
	expect(make_package(&s, &spec, buf, NULL), IMP_R_SIGNATURE, "a grant of no tree");
	above.id = NULL;
	spec.grant = make_grant(&s, &given, grant);
	cr_assert_eq(push_package(&s, &spec, NULL), 0);
	spec.leaf = &leaf;
	spec.sequence = 2;
	cr_assert_eq(push_package(&s, &spec, NULL), 0);
	given.leaf = NULL;
	spec.sequence = 3;
	spec.grant = make_grant(&s, &given, grant);
	cr_assert_eq(push_package(&s, &spec, NULL), 0);
	spec.sequence = 4;
	spec.domain = 2;
	expect(make_package(&s, &spec, buf, NULL), IMP_R_SCOPE, "another domain");
	spec.domain = 1;
	spec.issuer = &s.deputy;
	expect(make_package(&s, &spec, buf, NULL), IMP_R_SCOPE, "another holder");
}

/* A transfer has no chain, as a leaf neither. */
Test(agent_leaf, header_13_stands_where_the_leaf_may_have_it)
{
	static uint8_t grant[KIT_CAP], payload[512];
	const struct grant_spec given = { 0 };
	const struct leaf_spec leaf = { 3, 1 };
	const struct leaf_signers by = { .issuer = &s.owner,
					 .grant = make_grant(&s, &given, grant) };
	struct imp_writer p = imp_writer(payload, sizeof(payload));
	const struct imp_transfer t = { .owner_epoch = 1,
					.target = { .ueid = s.dev.constants.ueid },
					.owner = s.owner.signer.pub,
					.previous = { (const uint8_t[32]){ 0 }, 32 } };

	imp_transfer_encode(&t, &p);
	expect(make_leaf(s.crypto, &leaf, &by, IMP_KIND_TRANSFER, imp_written(&p), buf),
	       IMP_R_MALFORMED, "a transfer with a chain");
}

/* One approval for all: the batch is signed by as many as its leaves need. */
Test(agent_leaf, batch_is_approved_as_its_leaves_must_be)
{
	const struct leaf_spec leaf = { 7, 6 };
	struct spec spec = { .domain = 1, .leaf = &leaf };
	struct claim_spec claim = { .signers = 2, .leaf = &leaf };
	struct imp_signer signer[3];

	scene_stop(&s);
	scene_start(&s, false);
	signer[0] = s.owner.signer;
	signer[1] = s.approver[0].signer;
	signer[2] = s.approver[1].signer;
	scene_enroll(&s.dev);
	claim.signer = signer;
	claim.approval = (struct imp_approval){ 1, 2, { signer[1].pub, signer[2].pub } };
	cr_assert_eq(board_push(&s.dev, make_claim(&s, &s.dev, &claim, buf), NULL), 0);
	expect(make_package(&s, &spec, buf, NULL), IMP_R_APPROVAL, "alone");
	spec.signer = signer;
	spec.signers = 3;
	expect(make_package(&s, &spec, buf, NULL), IMP_R_APPROVAL, "one too many");
	spec.signers = 2;
	cr_assert_eq(push_package(&s, &spec, NULL), 0);
}

/* The maker signs a batch of claims, too, where the image knows one. */
Test(agent_leaf, claim_with_a_maker)
{
	const struct leaf_spec leaf = { 3, 2 };
	struct claim_spec spec = { .leaf = &leaf };
	struct imp_signer both[2];

	scene_stop(&s);
	scene_start(&s, true);
	scene_enroll(&s.dev);
	both[0] = s.owner.signer;
	both[1] = s.maker.signer;
	expect(make_claim(&s, &s.dev, &spec, buf), IMP_R_APPROVAL, "the owner alone");
	spec.signer = both;
	spec.signers = 2;
	cr_assert_eq(board_push(&s.dev, make_claim(&s, &s.dev, &spec, buf), NULL), 0);
}

/* Nobody takes a profile in clear, as a leaf neither. */
Test(agent_leaf, bare_leaf_of_a_profile_is_unsupported)
{
	const struct leaf_spec leaf = { 3, 2 };
	const struct spec spec = { .domain = 1, .leaf = &leaf };
	uint8_t id[32];

	expect(make_profile(&s, &spec, buf, id), IMP_R_UNSUPPORTED, "a profile in clear");
}

/* One signature of the old owner and one of the new give many devices away. */
Test(agent_leaf, transfer_of_a_batch_is_signed_by_both_owners)
{
	struct leaf_spec leaf = { 9, 8 };
	const struct imp_signer both[] = { s.owner.signer, s.stranger.signer };
	struct claim_spec spec = {
		.to = &s.stranger, .signer = both, .signers = 1, .leaf = &leaf
	};

	expect(make_transfer(&s, &s.owner, spec, buf), IMP_R_APPROVAL,
	       "the old owner alone");
	spec.signers = 2;
	leaf.root = foreign;
	expect(make_transfer(&s, &s.owner, spec, buf), IMP_R_SIGNATURE, "another root");
	leaf.root = NULL;
	cr_assert_eq(board_push(&s.dev, make_transfer(&s, &s.owner, spec, buf), NULL), 0);
	cr_assert_eq(s.dev.agent.state.owner_epoch, 2);
	cr_assert_arr_eq(s.dev.agent.state.owner_kid, s.stranger.kid, 32);
}
