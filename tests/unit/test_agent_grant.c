/* SPDX-License-Identifier: Apache-2.0 */
/* Grants on a device: who else may write a domain, how far, and for how long. TEN-01 to
 * TEN-03, T12; KEY-16 on the device. */
#include <criterion/criterion.h>
#include <string.h>

#include "kit.h"
#include "object/signed.h"

static struct scene s;
static uint8_t buf[KIT_CAP], grants[3][KIT_CAP];
static struct board before;

static void start(void)
{
	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	memcpy(&before, &s.dev, sizeof(before));
}

static void stop(void)
{
	scene_stop(&s);
}

TestSuite(agent_grant, .init = start, .fini = stop);

/* The reason is `want`; on any refusal flash, state and the count of evidence stay. */
static void expect(struct imp_span object, unsigned want, const char *what)
{
	memcpy(&before, &s.dev, sizeof(before));
	cr_assert_eq(board_push(&s.dev, object, NULL), want, "%s", what);
	if (want == 0)
		return;
	cr_assert_eq(s.dev.ops, before.ops, "%s", what);
	cr_assert_arr_eq(s.dev.flash, before.flash, sizeof(before.flash));
	cr_assert_eq(memcmp(&s.dev.agent.state, &before.agent.state,
			    sizeof(before.agent.state)),
		     0, "%s", what);
	cr_assert_eq(s.dev.agent.evidence_count, before.agent.evidence_count, "%s", what);
}

/* What the tenant sends under a grant. */
static void tenant_sends(const struct grant_spec *grant, const struct spec *profile,
			 unsigned want, const char *what)
{
	struct spec p = *profile;

	if (!p.issuer)
		p.issuer = &s.tenant;
	p.domain = p.domain ? p.domain : 1;
	p.grant = make_grant(&s, grant, grants[0]);
	expect(make_package(&s, &p, buf, NULL), want, what);
}

Test(agent_grant, holder_writes_its_domain_and_is_named_for_it)
{
	const struct grant_spec grant = { 0 };
	struct imp_evidence e;
	struct imp_entry entry;

	tenant_sends(&grant, &(struct spec){ .sequence = 4 }, 0, "a grant");
	board_attest(&s.dev, &e);
	cr_assert_eq(e.used, 1 << 1);
	cr_assert_eq(e.domain[1].sequence, 4);
	cr_assert(imp_span_eq(e.domain[1].authority, IMP_SPAN(s.tenant.kid)));
	cr_assert_eq(e.chain[1].n, 1);
	cr_assert_eq(imp_entry_decode(s.dev.agent.state.ring[1], &entry), 0);
	cr_assert_arr_eq(entry.issuer, s.tenant.kid, 32);
	cr_assert_eq(s.dev.active_len[1], cellular.len);
	/* The owner writes every domain, the holder's too. */
	expect(make_package(&s, &(struct spec){ .domain = 1, .sequence = 5 }, buf, NULL),
	       0, "the owner");
}

/* One thing out of scope in the only link; TEN-02 is another's domain. */
Test(agent_grant, whatever_is_out_of_scope_is_refused)
{
	static const uint8_t both[] = { 0xa2, 0x0a, 0xa1, 0,	0xa1, 4,    1,
					0x0b, 0xa1, 1,	  0xa1, 0,    0x61, 'x' };
	uint8_t other[64];
	const struct imp_span devices = for_board(&s.other, other);
	const struct {
		const char *what;
		struct grant_spec grant;
		struct spec profile;
	} bad[] = {
		{ "another domain", { .domain = 2 }, { 0 } },
		{ "another device", { .targets = devices }, { 0 } },
		{ "another model",
		  { .targets = IMP_TEXT("\x81\xa1\x19\x01\x03\x41x") },
		  { 0 } },
		{ "another maker",
		  { .targets =
			    IMP_TEXT("\x81\xa2\x19\x01\x02\x07\x19\x01\x03\x46keel-2") },
		  { 0 } },
		{ "an owner-epoch to come", { .epochs = { 2 } }, { 0 } },
		{ "a domain-epoch to come", { .epochs = { 1, 1 } }, { 0 } },
		{ "a domain-epoch of the holder's own", { 0 }, { .epochs = { 1, 1 } } },
		{ "an object", { .objects = IMP_TEXT("\xa1\x0b\x80") }, { 0 } },
		{ "an object behind it",
		  { .objects = IMP_TEXT("\xa1\x0a\x80") },
		  { .settings = IMP_SPAN(both) } },
		{ "an instance",
		  { .objects = IMP_TEXT("\xa2\x0a\x80\x0b\x82\x00\x02") },
		  { .settings = IMP_SPAN(both) } },
		{ "a sequence too low", { .sequences = { 3, 9 } }, { .sequence = 2 } },
		{ "a sequence too high", { .sequences = { 3, 9 } }, { .sequence = 10 } },
		{ "another's grant", { .holder = &s.deputy }, { 0 } },
		{ "a grant by nobody", { .issuer = &s.stranger }, { 0 } },
		{ "a grant to oneself", { .issuer = &s.tenant }, { 0 } },
		{ "a grant to the owner",
		  { .holder = &s.owner },
		  { .issuer = &s.owner } },
	};
	const struct spec alone = { .domain = 1, .issuer = &s.tenant };
	struct spec zero = alone;

	for (size_t i = 0; i < COUNTOF(bad); i++)
		tenant_sends(&bad[i].grant, &bad[i].profile, IMP_R_SCOPE, bad[i].what);
	expect(make_package(&s, &alone, buf, NULL), IMP_R_SCOPE, "no grant");
	zero.domain = 0;
	zero.grant = make_grant(&s, &(struct grant_spec){ 0 }, grants[0]);
	expect(make_package(&s, &zero, buf, NULL), IMP_R_SCOPE, "domain 0");
	/* And with the scope just right, the same objects are taken. */
	tenant_sends(&(struct grant_spec){ .objects = IMP_TEXT("\xa2\x0a\x81\x00\x0b\x81"
							       "\x01"),
					   .sequences = { 2, 2 } },
		     &(struct spec){ .settings = IMP_SPAN(both), .sequence = 2 }, 0,
		     "the scope filled to its edges");
}

Test(agent_grant, any_one_target_of_the_list_is_enough)
{
	static const uint8_t model[] = { 0x82, 0xa1, 0x19, 1,	3,   0x41,
					 'x',  0xa1, 0x19, 1,	3,   0x46,
					 'k',  'e',  'e',  'l', '-', '2' };

	tenant_sends(&(struct grant_spec){ .targets = IMP_SPAN(model) },
		     &(struct spec){ 0 }, 0, "the second");
}

/* The chain owner -> tenant -> deputy -> approver[0], each link changed as the test says.
 */
struct three {
	struct grant_spec link[3]; /* the owner's first */
	size_t links;
	struct spec profile;
};

static struct imp_span three_sends(const struct three *t)
{
	const struct party *who[] = { &s.owner, &s.tenant, &s.deputy, &s.approver[0] };
	struct imp_span parent = { 0 };
	struct spec p = t->profile;

	for (size_t i = 0; i < t->links; i++) {
		struct grant_spec g = t->link[i];

		g.issuer = g.issuer ? g.issuer : who[i];
		g.holder = g.holder ? g.holder : who[i + 1];
		g.depth = g.depth == 9 ? 0 : (uint32_t)(t->links - 1 - i);
		g.parent = parent;
		parent = make_grant(&s, &g, grants[i]);
	}
	p.issuer = p.issuer ? p.issuer : who[t->links];
	p.domain = 1;
	p.grant = parent;
	return make_package(&s, &p, buf, NULL);
}

Test(agent_grant, every_link_of_a_chain_must_allow_it)
{
	uint8_t other[64];
	const struct grant_spec bad[] = {
		{ .domain = 2 },
		{ .targets = for_board(&s.other, other) },
		{ .epochs = { 2 } },
		{ .epochs = { 1, 1 } },
		{ .objects = IMP_TEXT("\xa1\x0b\x80") },
		{ .sequences = { 2, 9 } },
		{ .holder = &s.stranger },
		{ .issuer = &s.stranger },
	};

	for (size_t links = 1; links <= 3; links++)
		for (size_t at = 0; at < links; at++)
			for (size_t i = 0; i < COUNTOF(bad); i++) {
				struct three t = { .links = links };

				t.link[at] = bad[i];
				expect(three_sends(&t), IMP_R_SCOPE, "a link");
			}
	for (size_t at = 0; at < 2; at++) {
		struct three t = { .links = 3 };

		t.link[at].depth = 9; /* none below */
		expect(three_sends(&t), IMP_R_SCOPE, "depth");
	}
	expect(three_sends(&(struct three){ .links = 3 }), 0, "three links");
}

Test(agent_grant, a_fourth_link_is_one_too_many)
{
	const struct party *who[] = { &s.owner, &s.tenant, &s.deputy, &s.approver[0],
				      &s.approver[1] };
	static uint8_t link[4][KIT_CAP];
	struct spec p = { .domain = 1 };

	for (size_t i = 0; i < 4; i++) {
		const struct grant_spec g = { .issuer = who[i],
					      .holder = who[i + 1],
					      .depth = i < 2 ? 2 : (uint32_t)(3 - i),
					      .parent = p.grant };

		p.grant = make_grant(&s, &g, link[i]);
		p.issuer = who[i + 1];
		expect(make_package(&s, &p, buf, NULL), i < 3 ? 0 : IMP_R_SCOPE, "links");
		p.sequence = i + 2;
	}
}

/* The owner's grant ends the chain: nothing stands behind it, be it the third or not. */
Test(agent_grant, nothing_stands_behind_the_owners_grant)
{
	static uint8_t behind[KIT_CAP];

	for (size_t links = 1; links <= 3; links++) {
		const struct party *who[] = { &s.owner, &s.tenant, &s.deputy,
					      &s.approver[0] };
		struct spec p = { .domain = 1, .issuer = who[links] };

		p.grant = make_grant(&s, &(struct grant_spec){ .depth = 2 }, behind);
		for (size_t i = 0; i < links; i++)
			p.grant = make_grant(
				&s,
				&(struct grant_spec){ .issuer = who[i],
						      .holder = who[i + 1],
						      .depth = (uint32_t)(links - 1 - i),
						      .parent = p.grant },
				grants[i]);
		expect(make_package(&s, &p, buf, NULL), IMP_R_SCOPE, "a grant behind");
	}
}

Test(agent_grant, each_signature_of_a_chain_is_verified)
{
	for (size_t links = 1; links <= 3; links++) {
		struct three t = { .links = links };

		for (size_t at = 0; at < links; at++) {
			t.link[at].spoil_signature = true;
			expect(three_sends(&t), IMP_R_SIGNATURE, "a link's");
			t.link[at].spoil_signature = false;
		}
		t.profile.spoil_signature = true;
		expect(three_sends(&t), IMP_R_SIGNATURE, "the object's");
	}
}

/* Only the owner raises a domain-epoch: with a grant that carries a higher one, the first
 * object under it does, and what was granted before is dead. KEY-16. */
Test(agent_grant, higher_domain_epoch_ends_older_grants)
{
	const struct grant_spec old = { 0 };
	struct grant_spec new = { .epochs = { 1, 3 }, .holder = &s.deputy };
	const struct imp_command floor = { .op = IMP_OP_FLOOR,
					   .domains = 2,
					   .floor = { 0, 5 } };
	struct imp_evidence e;

	tenant_sends(&old, &(struct spec){ .sequence = INT64_MAX }, 0, "the old one");
	tenant_sends(&new, &(struct spec){ .issuer = &s.deputy, .epochs = { 1, 3 } }, 0,
		     "no sequence burns a domain");
	tenant_sends(&old, &(struct spec){ .sequence = 9 }, IMP_R_EPOCH, "the old one");
	tenant_sends(&old, &(struct spec){ .sequence = 9, .epochs = { 1, 3 } },
		     IMP_R_SCOPE, "the old one, under the new epoch");
	board_attest(&s.dev, &e);
	cr_assert_eq(e.domain[1].domain_epoch, 3);
	cr_assert(imp_span_eq(e.domain[1].authority, IMP_SPAN(s.deputy.kid)));
	cr_assert_eq(push_command(&s, floor, &s.owner, NULL), 0);
	tenant_sends(
		&new,
		&(struct spec){ .issuer = &s.deputy, .sequence = 2, .epochs = { 1, 3 } },
		IMP_R_EPOCH, "below the floor");
}

/* A floor for several domains raises those that stand lower, and lowers none. */
Test(agent_grant, a_floor_lowers_no_domain_while_it_raises_another)
{
	struct imp_command floor = { .op = IMP_OP_FLOOR,
				     .domains = 1 << 1,
				     .floor = { 0, 5 } };
	const struct grant_spec low = { .epochs = { 1, 3 } };

	cr_assert_eq(push_command(&s, floor, &s.owner, NULL), 0);
	floor.domains = 1 << 1 | 1 << 2;
	floor.floor[1] = 2;
	floor.floor[2] = 1;
	cr_assert_eq(push_command(&s, floor, &s.owner, NULL), 0);
	tenant_sends(&low, &(struct spec){ .epochs = { 1, 3 } }, IMP_R_EPOCH,
		     "below the first floor");
}

/* ROLL-06: two authorities of one domain, interleaved, share its pair. */
Test(agent_grant, two_authorities_share_the_sequence_of_a_domain)
{
	const struct grant_spec tenants = { 0 }, deputys = { .holder = &s.deputy };

	tenant_sends(&tenants, &(struct spec){ .sequence = 5 }, 0, "the tenant's 5");
	tenant_sends(&deputys, &(struct spec){ .issuer = &s.deputy, .sequence = 5 },
		     IMP_R_SEQUENCE, "the deputy's 5");
	tenant_sends(&deputys, &(struct spec){ .issuer = &s.deputy, .sequence = 6 }, 0,
		     "the deputy's 6");
	tenant_sends(&tenants, &(struct spec){ .sequence = 6 }, IMP_R_SEQUENCE,
		     "the tenant's 6");
	tenant_sends(&tenants, &(struct spec){ .sequence = 7 }, 0, "the tenant's 7");
}

/* TEN-01: what one tenant signed, signed again by another with a grant of its own.
 * TEN-03: the instance that one holds, named by the other. */
Test(agent_grant, tenants_keep_to_themselves)
{
	const struct grant_spec one = { 0 };
	const struct grant_spec two = { .domain = 2, .holder = &s.deputy };

	tenant_sends(&one, &(struct spec){ .sequence = 3 }, 0, "tenant 1");
	tenant_sends(&two, &(struct spec){ .issuer = &s.deputy, .sequence = 4 },
		     IMP_R_SCOPE, "TEN-01: signed again, in its domain");
	tenant_sends(&one, &(struct spec){ .issuer = &s.deputy, .sequence = 4 },
		     IMP_R_SCOPE, "TEN-01: with its grant");
	tenant_sends(&two,
		     &(struct spec){ .issuer = &s.deputy, .domain = 2, .sequence = 4 },
		     IMP_R_CONFLICT, "TEN-03");
	tenant_sends(&two,
		     &(struct spec){ .issuer = &s.deputy, .domain = 2, .settings = apn },
		     0, "its own");
}

/* Faults added from the last check to the first. */
Test(agent_grant, order_of_checks)
{
	static const uint8_t wrong[32] = { 5 };
	struct grant_spec grant = { .spoil_signature = true };
	struct spec bad = { .issuer = &s.tenant, .domain = 1, .sequence = 9 };

	expect(make_package(&s, &(struct spec){ .domain = 1, .sequence = 8 }, buf, NULL),
	       0, "something is there");
	expect(make_package(&s, &(struct spec){ .domain = 2, .settings = apn }, buf,
			    NULL),
	       0, "and in domain 2");
	s.dev.check_says = IMP_R_UNSUPPORTED;
	tenant_sends(&(struct grant_spec){ 0 }, &bad, IMP_R_UNSUPPORTED, "board");
	tenant_sends(&grant, &bad, IMP_R_SIGNATURE, "signature");
	grant.signer = &s.owner.signer; /* many where one is asked */
	grant.signers = 1;
	tenant_sends(&grant, &bad, IMP_R_APPROVAL, "approval");
	bad.settings = apn;
	tenant_sends(&grant, &bad, IMP_R_CONFLICT, "conflict");
	grant.domain = 2;
	tenant_sends(&grant, &bad, IMP_R_SCOPE, "scope");
	bad.replaces = IMP_SPAN(wrong);
	tenant_sends(&grant, &bad, IMP_R_REPLACED_ID, "replaced id");
	bad.sequence = 8;
	tenant_sends(&grant, &bad, IMP_R_SEQUENCE, "sequence");
	bad.epochs[0] = 2;
	tenant_sends(&grant, &bad, IMP_R_EPOCH, "epoch");
}

/* What is no grant in header 13 does not parse; nor does header 13 elsewhere. */
Test(agent_grant, header_13_is_a_grant_and_stands_where_it_may)
{
	const struct imp_command lock = { .op = IMP_OP_LOCK,
					  .target = { .ueid = s.dev.constants.ueid },
					  .owner_epoch = 1 };
	struct spec p = { .domain = 1, .issuer = &s.tenant };
	uint8_t payload[128];
	struct imp_writer m = imp_writer(payload, sizeof(payload));
	struct imp_writer w = imp_writer(buf, sizeof(buf));

	p.grant = make_command(&s, lock, &s.owner, grants[0]);
	expect(make_package(&s, &p, buf, NULL), IMP_R_DECRYPT, "a command");
	imp_command_encode(&lock, &m);
	p.grant = make_grant(&s, &(struct grant_spec){ 0 }, grants[0]);
	cr_assert_eq(imp_signed_put_one(s.crypto, &s.owner.signer, IMP_KIND_COMMAND,
					chain_of(p.grant, grants[1]), imp_written(&m), &w,
					NULL),
		     0);
	expect(imp_written(&w), IMP_R_MALFORMED, "on a command");
	expect(p.grant, IMP_R_UNSUPPORTED, "alone");
}

/* An approval of those whose bit is set: bits 0 and 1 the approvers, 2 the stranger. */
static struct imp_approval approval_of(uint32_t threshold, unsigned who)
{
	const struct party *all[] = { &s.approver[0], &s.approver[1], &s.stranger };
	struct imp_approval a = { .threshold = threshold };

	for (unsigned i = 0; i < COUNTOF(all); i++)
		if (who >> i & 1)
			a.key[a.count++] = all[i]->signer.pub;
	return a;
}

/* COSE-18: 2 of 3 under a grant: one too few, too many, foreign, twice, without the
 * holder.
 */
Test(agent_grant, holder_with_approvers_needs_exactly_m_of_them)
{
	const struct imp_signer h = s.tenant.signer, a = s.approver[0].signer,
				b = s.approver[1].signer, c = s.stranger.signer,
				x = s.deputy.signer, o = s.owner.signer;
	const struct {
		struct imp_signer by[4];
		size_t n;
		bool right;
	} row[] = {
		{ { h }, 1, false },	      { { h, a }, 2, false },
		{ { h, a, b, c }, 4, false }, { { h, a, x }, 3, false },
		{ { a, b, c }, 3, false },    { { o, a, b }, 3, false },
		{ { h, a, b }, 3, true },     { { h, a, c }, 3, true },
		{ { h, b, c }, 3, true },     { { h, o, a, b }, 4, false },
	};
	const struct grant_spec grant = { .approval = approval_of(2, 7) };
	struct spec p = { 0 };

	for (size_t i = 0; i < COUNTOF(row); i++) {
		p.signer = row[i].by;
		p.signers = row[i].n;
		p.sequence = i + 1;
		tenant_sends(&grant, &p, row[i].right ? 0 : IMP_R_APPROVAL, "a set");
	}
	p.signer = NULL;
	p.sequence = 99;
	tenant_sends(&grant, &p, IMP_R_APPROVAL, "one where many is asked");
}

/* What the holder's objects need is needed for the grants that it gives further, too; and
 * the owner's approval for those that the owner gives. */
Test(agent_grant, approvals_go_down_the_chain)
{
	static uint8_t first[KIT_CAP], second[KIT_CAP];
	struct imp_signer owners[2],
		tenants[2] = { s.tenant.signer, s.approver[1].signer };
	struct claim_spec claim = { .signer = owners, .signers = 2 };
	struct grant_spec top = { .depth = 1, .signer = owners };
	struct grant_spec below = { .issuer = &s.tenant,
				    .holder = &s.deputy,
				    .signer = tenants };
	struct spec p = { .domain = 1, .issuer = &s.deputy };

	owners[0] = s.owner.signer;
	owners[1] = s.approver[0].signer;
	board_init(&s.dev, s.crypto, 1, false);
	cr_assert_eq(board_boot(&s.dev), 0);
	scene_enroll(&s.dev);
	claim.approval = approval_of(1, 1);
	cr_assert_eq(board_push(&s.dev, make_claim(&s, &s.dev, &claim, buf), NULL), 0);
	top.approval = approval_of(1, 2);
	for (unsigned i = 0; i < 4; i++) {
		top.signers = i & 1 ? 2 : 1;
		below.signers = i & 2 ? 2 : 1;
		below.parent = make_grant(&s, &top, first);
		p.grant = make_grant(&s, &below, second);
		expect(make_package(&s, &p, buf, NULL), i == 3 ? 0 : IMP_R_APPROVAL,
		       "approvers of the owner, of the tenant");
	}
}

/* Eight signatures are the most that object and chain have together. */
Test(agent_grant, nine_signatures_in_a_chain_are_too_many)
{
	static struct party more[5];
	struct imp_approval asked = { .threshold = 5, .count = 5 };
	struct imp_signer tenants[6] = { s.tenant.signer };
	struct imp_signer deputys[3] = { s.deputy.signer };
	static uint8_t first[KIT_CAP], second[KIT_CAP];
	struct grant_spec top = { .depth = 1 };
	struct grant_spec below = { .issuer = &s.tenant, .holder = &s.deputy };
	struct spec p = { .domain = 1, .issuer = &s.deputy };

	for (size_t i = 0; i < 5; i++) {
		party_init(&more[i], s.crypto);
		asked.key[i] = more[i].signer.pub;
		tenants[1 + i] = more[i].signer;
		if (i < 2)
			deputys[1 + i] = more[i].signer;
	}
	top.approval = asked;
	below.signer = tenants;
	below.signers = 6;
	below.parent = make_grant(&s, &top, first);
	p.grant = make_grant(&s, &below, second);
	expect(make_package(&s, &p, buf, NULL), 0, "1 + 6 + 1");
	below.approval = asked;
	below.approval.threshold = 1;
	p.grant = make_grant(&s, &below, second);
	p.sequence = 2;
	p.signer = deputys;
	p.signers = 2;
	expect(make_package(&s, &p, buf, NULL), IMP_R_APPROVAL, "1 + 6 + 2");
}

/* Not even one that need not sign today may be no key; nor a holder. */
Test(agent_grant, keys_that_are_none_do_not_enter)
{
	const struct imp_pub none[] = {
		{ .crv = IMP_CRV_P256, .x = { 1 }, .y = { 2 } }, /* off the curve */
		{ .crv = IMP_CRV_P256 },			 /* infinity */
		{ .crv = IMP_CRV_ED25519, .x = { 1 } },		 /* order 1 */
	};
	struct imp_signer two[2] = { s.tenant.signer, s.approver[0].signer };
	struct grant_spec grant = { .approval = approval_of(1, 3) };
	struct spec p = { .signer = two, .signers = 2 };
	struct party nobody = s.tenant;

	for (size_t i = 0; i < COUNTOF(none); i++) {
		grant.approval.key[1] = none[i];
		tenant_sends(&grant, &p, IMP_R_SIGNATURE, "an approver");
		nobody.signer.pub = none[i];
		cr_assert_eq(imp_cose_kid(s.crypto, &none[i], nobody.kid), 0);
		tenant_sends(&(struct grant_spec){ .holder = &nobody },
			     &(struct spec){ .issuer = &nobody }, IMP_R_SIGNATURE,
			     "a holder");
	}
	grant.approval = approval_of(1, 3);
	tenant_sends(&grant, &p, 0, "all of them keys");
}

/* The private key 1: everybody has it. */
static struct party published_party(void)
{
	struct party p;

	party_init(&p, s.crypto);
	memset(p.d, 0, sizeof(p.d));
	p.d[31] = 1;
	cr_assert_eq(imp_soft_pub(s.crypto, IMP_CRV_P256, p.d, &p.signer.pub), 0);
	cr_assert_eq(imp_cose_kid(s.crypto, &p.signer.pub, p.kid), 0);
	return p;
}

/* KEY-10 on the device: published keys hold and approve no grants; on the way down
 * neither. Firmware that is not for production takes them. */
Test(agent_grant, production_takes_no_published_key_in_a_grant)
{
	struct party known = published_party();
	struct imp_signer two[2] = { s.tenant.signer, s.approver[0].signer };
	struct grant_spec approved = { .approval = approval_of(1, 3) };
	const struct grant_spec held = { .holder = &known };
	struct three middle = { .links = 2 };

	known.signer.ctx = &known;
	middle.link[0].holder = &known;
	middle.link[1].issuer = &known;
	approved.approval.key[1] = known.signer.pub;
	for (unsigned production = 1; production < 2; production--) {
		unsigned want = production ? IMP_R_SIGNATURE : 0;
		uint64_t sequence = production ? 1 : 5;

		s.dev.constants.production = production;
		tenant_sends(&held,
			     &(struct spec){ .issuer = &known, .sequence = sequence },
			     want, "the holder");
		tenant_sends(&approved,
			     &(struct spec){ .signer = two,
					     .signers = 2,
					     .sequence = sequence + 1 },
			     want, "an approver that does not sign");
		middle.profile.sequence = sequence + 2;
		expect(three_sends(&middle), want, "the middle of a chain");
	}
	s.dev.constants.production = true;
	tenant_sends(&(struct grant_spec){ 0 }, &(struct spec){ .sequence = 9 }, 0,
		     "a key that nobody knows");
}

/* Nor do they own a device or approve for its owner; and whom another image took is
 * nobody to this one. */
Test(agent_grant, production_takes_no_published_owner)
{
	const struct party known = published_party();
	const struct imp_command lock = { .op = IMP_OP_LOCK };
	struct imp_signer owners[2] = { s.owner.signer, s.approver[0].signer };
	struct claim_spec approved = { .signer = owners,
				       .signers = 2,
				       .approval = approval_of(1, 1) };
	const struct claim_spec plain = { 0 };

	approved.approval.key[approved.approval.count++] = known.signer.pub;
	board_init(&s.dev, s.crypto, 1, false);
	s.dev.constants.production = true;
	cr_assert_eq(board_boot(&s.dev), 0);
	scene_enroll(&s.dev);
	expect(make_claim(&s, &s.dev, &approved, buf), IMP_R_SIGNATURE, "an approver");
	s.owner = known;
	s.owner.signer.ctx = &s.owner;
	expect(make_claim(&s, &s.dev, &plain, buf), IMP_R_SIGNATURE, "the owner");
	s.dev.constants.production = false;
	expect(make_claim(&s, &s.dev, &plain, buf), 0, "not for production");
	s.dev.constants.production = true;
	cr_assert_eq(push_command(&s, lock, &s.owner, NULL), IMP_R_SIGNATURE);
	s.dev.constants.production = false;
	cr_assert_eq(push_command(&s, lock, &s.owner, NULL), 0);
}
