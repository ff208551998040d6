/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's commands on the wire: describe, staging, history, what policy bit 1
 * hides, the link. */
#include <criterion/criterion.h>
#include <string.h>

#include "agent/link.h"
#include "kit.h"

static struct scene s;
static uint8_t object[KIT_CAP];

static void ask(uint8_t id, uint8_t op, const struct imp_request *q,
		struct imp_response *r)
{
	static uint8_t buf[KIT_CAP + 256];
	struct imp_writer w = imp_writer(buf, sizeof(buf));

	imp_request_encode(q, &w);
	cr_assert(w.ok);
	cr_assert_eq(imp_response_decode(board_ask(&s.dev, IMP_GROUP_IMPRINT, id, op,
						   imp_written(&w)),
					 r, NULL),
		     0);
}

static void describe(struct imp_describe *d)
{
	cr_assert_eq(
		imp_describe_decode(board_ask(&s.dev, IMP_GROUP_IMPRINT, IMP_DESCRIBE,
					      IMP_SMP_READ, IMP_TEXT("\xa0")),
				    d, NULL),
		0);
}

Test(agent_wire, describe_says_what_is_there)
{
	const struct spec spec = { .domain = 3, .sequence = 8 };
	struct imp_describe d;

	scene_start(&s, false);
	describe(&d);
	cr_assert(d.v1 && d.cobs && !d.owned && !d.staged);
	cr_assert_eq(d.life, IMP_LIFE_UNOWNED);
	cr_assert_eq(d.signing.len, 0);
	cr_assert_eq(d.domains, 0);
	cr_assert_eq(s.dev.ops, 0, "describe makes no keys");
	scene_claim(&s, &s.dev);
	cr_assert_eq(push_package(&s, &spec, NULL), 0);
	describe(&d);
	cr_assert_eq(d.life, IMP_LIFE_OWNED);
	cr_assert(imp_span_eq(d.ueid, s.dev.constants.ueid));
	cr_assert(imp_span_eq(d.owner, IMP_SPAN(s.owner.kid)));
	cr_assert_eq(d.signing.len, 32);
	cr_assert_eq(d.owner_epoch, 1);
	cr_assert_eq(d.domains, 1 << 3);
	cr_assert_eq(d.domain[3].sequence, 8);
	cr_assert_eq(d.buf, s.dev.constants.buffer);
	scene_stop(&s);
}

/* Stage a chunk; the offset that the device expects next. */
static uint32_t chunk(const struct imp_request *q, struct imp_response *r)
{
	ask(IMP_STAGE, IMP_SMP_WRITE, q, r);
	cr_assert_not(r->failed, "%u", r->rc);
	cr_assert(r->has_off);
	return r->off;
}

Test(agent_wire, staging_goes_on_where_it_stopped)
{
	static uint8_t sha[32], other_sha[32] = { 1 }, nonce[32];
	const struct spec spec = { .domain = 1 };
	struct imp_request first = { .has_off = true,
				     .has_len = true,
				     .sha = IMP_SPAN(sha) };
	struct imp_request next = { .has_off = true };
	struct imp_describe d;
	struct imp_response r;
	struct imp_span all;

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	all = make_package(&s, &spec, object, NULL);
	cr_assert_eq(imp_sha256(s.crypto, &all, 1, sha), 0);
	first.len = (uint32_t)all.len;
	first.data = (struct imp_span){ all.ptr, 100 };
	next.off = 50;
	next.data = (struct imp_span){ all.ptr + 50, 10 };
	cr_assert_eq(chunk(&next, &r), 0, "nothing is staged: start at 0");
	cr_assert_eq(chunk(&first, &r), 100);
	cr_assert_eq(chunk(&first, &r), 100, "off 0 with the staged sha: go on");
	cr_assert_eq(chunk(&next, &r), 100, "another offset changes nothing");
	describe(&d);
	cr_assert(d.staged);
	cr_assert_eq(d.staged_off, 100);
	cr_assert(imp_span_eq(d.staged_sha, IMP_SPAN(sha)));
	first.sha = IMP_SPAN(other_sha);
	first.data.len = 20;
	cr_assert_eq(chunk(&first, &r), 20, "another sha starts over");
	first.sha = IMP_SPAN(sha);
	first.data.len = 0;
	cr_assert_eq(chunk(&first, &r), 0);
	first.data.len = 100;
	cr_assert_eq(chunk(&first, &r), 100, "after an empty start, too");
	next.off = 100;
	next.data = (struct imp_span){ all.ptr + 100, all.len - 100 };
	cr_assert_eq(chunk(&next, &r), all.len);
	cr_assert_eq(r.evidence.len, 0, "no nonce, no apply");
	next = (struct imp_request){ .sha = IMP_SPAN(other_sha),
				     .nonce = IMP_SPAN(nonce) };
	ask(IMP_APPLY, IMP_SMP_WRITE, &next, &r);
	cr_assert_eq(r.rc, IMP_R_MALFORMED, "another sha than what is staged");
	next.sha = IMP_SPAN(sha);
	ask(IMP_APPLY, IMP_SMP_WRITE, &next, &r);
	cr_assert_not(r.failed);
	cr_assert_gt(r.evidence.len, 0);
	describe(&d);
	cr_assert_not(d.staged, "after any apply nothing is staged");
	ask(IMP_APPLY, IMP_SMP_WRITE, &next, &r);
	cr_assert_eq(r.rc, IMP_R_MALFORMED);
	scene_stop(&s);
}

Test(agent_wire, staging_refuses_what_does_not_fit_and_keeps_what_is_there)
{
	static uint8_t sha[32];
	struct imp_request q = { .has_off = true,
				 .has_len = true,
				 .len = 10,
				 .sha = IMP_SPAN(sha),
				 .data = IMP_TEXT("12345") };
	struct imp_response r;

	scene_start(&s, false);
	cr_assert_eq(chunk(&q, &r), 5);
	q.off = 5;
	q.has_len = false;
	q.data = IMP_TEXT("123456");
	ask(IMP_STAGE, IMP_SMP_WRITE, &q, &r);
	cr_assert_eq(r.rc, IMP_R_MALFORMED, "more than was announced");
	q.off = 0;
	q.sha.len = 0;
	ask(IMP_STAGE, IMP_SMP_WRITE, &q, &r);
	cr_assert_eq(r.rc, IMP_R_MALFORMED, "no len and sha with off 0");
	sha[0] = 1;
	q.sha = IMP_SPAN(sha);
	q.has_len = true;
	q.len = AGENT_OBJECT_MAX + 1;
	ask(IMP_STAGE, IMP_SMP_WRITE, &q, &r);
	cr_assert_eq(r.rc, IMP_R_TOO_BIG);
	q.off = 1;
	cr_assert_eq(chunk(&q, &r), 5, "still there");
	cr_assert_eq(board_boot(&s.dev), 0);
	cr_assert_eq(chunk(&q, &r), 0, "RAM only");
	scene_stop(&s);
}

/* A good object whose sha is not the announced one. */
Test(agent_wire, apply_checks_the_sha)
{
	static uint8_t sha[32] = { 1 }, nonce[32];
	const struct spec spec = { .domain = 1 };
	struct imp_request q = { .has_off = true,
				 .has_len = true,
				 .sha = IMP_SPAN(sha),
				 .nonce = IMP_SPAN(nonce) };
	struct imp_response r;

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	q.data = make_package(&s, &spec, object, NULL);
	q.len = (uint32_t)q.data.len;
	ask(IMP_STAGE, IMP_SMP_WRITE, &q, &r);
	cr_assert_eq(r.rc, IMP_R_MALFORMED);
	scene_stop(&s);
}

Test(agent_wire, policy_bit_1_hides_all_but_what_a_push_needs)
{
	static const uint8_t id_map[32], r16[16];
	const struct imp_command policy = { .op = IMP_OP_POLICY,
					    .sequence = 1,
					    .policy = IMP_POLICY_CHALLENGED };
	struct imp_command lock = { .op = IMP_OP_LOCK };
	const struct imp_request from = { .has_from = true };
	const struct imp_request challenge = { .challenge = IMP_SPAN(id_map),
					       .r = IMP_SPAN(r16) };
	const struct spec spec = { .domain = 1 };
	struct imp_describe d;
	struct imp_response r;
	bool again;

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	ask(IMP_ATTEST, IMP_SMP_WRITE, &challenge, &r);
	cr_assert_eq(r.rc, IMP_R_CHALLENGE, "no challenge at all");
	ask(IMP_ENROLL, IMP_SMP_WRITE, &(struct imp_request){ 0 }, &r);
	cr_assert_eq(r.rc, IMP_R_MALFORMED, "neither nonce nor challenge");
	cr_assert_eq(push_command(&s, policy, &s.owner, NULL), 0);
	cr_assert_not(board_request(&s.dev, IMP_ATTEST, 1, &r));
	cr_assert_eq(r.rc, IMP_R_CHALLENGE);
	cr_assert_not(board_request(&s.dev, IMP_ENROLL, 1, &r));
	cr_assert_eq(r.rc, IMP_R_CHALLENGE);
	ask(IMP_HISTORY, IMP_SMP_READ, &from, &r);
	cr_assert_eq(r.rc, IMP_R_CHALLENGE);
	describe(&d);
	cr_assert(d.restricted);
	cr_assert_eq(d.ueid.len, 0);
	cr_assert_eq(d.buf, s.dev.constants.buffer);
	cr_assert_eq(push_package(&s, &spec, NULL), 0, "evidence for an applied object");
	lock.target = (struct imp_target){ .hwmodel = s.dev.constants.hwmodel };
	cr_assert_eq(push_command(&s, lock, &s.owner, &again), 0);
	cr_assert_not(again);
	cr_assert(s.dev.agent.state.locked);
	scene_stop(&s);
}

/* An `again` that anybody can cause with an object for a class must not make the device
 * tell who it is. */
Test(agent_wire, again_to_a_class_carries_no_evidence_under_policy_bit_1)
{
	static uint8_t sha[32], nonce[32];
	struct imp_command lock = { .op = IMP_OP_LOCK,
				    .target = { .hwmodel = IMP_TEXT("keel-2"),
						.has_oemid = true,
						.oemid = 32473 } };
	const struct imp_command policy = { .op = IMP_OP_POLICY,
					    .sequence = 1,
					    .policy = IMP_POLICY_CHALLENGED };
	struct imp_request q = { .has_off = true,
				 .has_len = true,
				 .sha = IMP_SPAN(sha),
				 .nonce = IMP_SPAN(nonce) };
	struct imp_response r;

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	q.data = make_command(&s, lock, &s.owner, object);
	q.len = (uint32_t)q.data.len;
	cr_assert_eq(imp_sha256(s.crypto, &q.data, 1, sha), 0);
	for (unsigned i = 0; i < 3; i++) {
		ask(IMP_STAGE, IMP_SMP_WRITE, &q, &r);
		cr_assert_not(r.failed);
		cr_assert_eq(r.again, i > 0);
		cr_assert_eq(r.evidence.len > 0, i < 2);
		if (i == 1)
			cr_assert_eq(push_command(&s, policy, &s.owner, NULL), 0);
	}
	scene_stop(&s);
}

/* The chain as it is written down, by hand. */
static void fold(uint8_t h[32], uint32_t n, const uint8_t *entry)
{
	uint8_t before[32], be[4] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16),
				      (uint8_t)(n >> 8), (uint8_t)n };
	const struct imp_span part[] = {
		IMP_TEXT("\x01"), IMP_SPAN(before), IMP_SPAN(be), { entry, 82 }
	};

	memcpy(before, h, 32);
	cr_assert_eq(imp_sha256(s.crypto, part, COUNTOF(part), h), 0);
}

Test(agent_wire, first_heads_follow_from_the_key_and_the_claim)
{
	uint8_t h[32], zero = 0, entry[82] = { 2, 0, 0, 0, 0, 1 };
	struct imp_span start[] = { IMP_TEXT("imprint-history-1"),
				    { s.dev.agent.signing_kid, 32 },
				    { &zero, 1 } };
	struct imp_evidence e;

	scene_start(&s, false);
	scene_enroll(&s.dev);
	cr_assert_eq(imp_sha256(s.crypto, start, COUNTOF(start), h), 0);
	board_attest(&s.dev, &e);
	cr_assert_eq(e.chain[0].n, 0);
	cr_assert(imp_span_eq(e.chain[0].h, IMP_SPAN(h)));
	scene_claim(&s, &s.dev);
	board_attest(&s.dev, &e);
	memcpy(entry + 18, s.owner.kid, 32);
	memcpy(entry + 50, e.record.ptr, 32);
	fold(h, 1, entry);
	cr_assert_eq(e.chain[0].n, 1);
	cr_assert(imp_span_eq(e.chain[0].h, IMP_SPAN(h)));
	scene_stop(&s);
}

/* Read the ring in pages, fold it from its base. */
static size_t read_ring(struct imp_head head[2], uint32_t total)
{
	size_t seen = 0;

	while (seen < total) {
		const struct imp_request q = { .has_from = true, .from = (uint32_t)seen };
		struct imp_response r;
		struct imp_cbor c;
		size_t n;

		ask(IMP_HISTORY, IMP_SMP_READ, &q, &r);
		cr_assert_eq(r.total, total);
		cr_assert_eq(imp_cbor_open(&c, r.base, IMP_CBOR_LENIENT, NULL), 0);
		cr_assert_eq(imp_cbor_map(&c), 2);
		for (unsigned d = 0; d < 2 && seen == 0; d++) {
			cr_assert_eq(imp_cbor_uint(&c), d);
			imp_cbor_expect_array(&c, 2);
			head[d].n = (uint32_t)imp_cbor_uint(&c);
			memcpy(head[d].h, imp_cbor_bytes(&c).ptr, 32);
		}
		cr_assert_eq(imp_cbor_open(&c, r.entries, IMP_CBOR_LENIENT, NULL), 0);
		n = imp_cbor_array(&c);
		cr_assert_gt(n, 0);
		for (seen += n; n > 0; n--) {
			const uint8_t *entry = imp_cbor_bytes_len(&c, 82, 82).ptr;

			fold(head[entry[1]].h, ++head[entry[1]].n, entry);
		}
	}
	return seen;
}

Test(agent_wire, ring_of_16_folds_to_the_signed_heads)
{
	const struct imp_command lock = { .op = IMP_OP_LOCK };
	struct imp_head head[2] = { 0 };
	struct imp_evidence e;

	scene_start(&s, false);
	scene_claim(&s, &s.dev);
	for (unsigned i = 1; i <= 20; i++) {
		const struct spec spec = { .domain = 1, .sequence = i };

		cr_assert_eq(push_package(&s, &spec, NULL), 0);
		if (i == 10)
			cr_assert_eq(push_command(&s, lock, &s.owner, NULL), 0);
		if (i == 15)
			cr_assert_eq(board_boot(&s.dev), 0);
	}
	cr_assert_eq(read_ring(head, AGENT_RING), AGENT_RING);
	board_attest(&s.dev, &e);
	for (unsigned d = 0; d < 2; d++) {
		cr_assert_eq(head[d].n, e.chain[d].n);
		cr_assert(imp_span_eq(IMP_SPAN(head[d].h), e.chain[d].h));
	}
	cr_assert_eq(e.chain[0].n, 2);
	cr_assert_eq(e.chain[1].n, 20);
	scene_stop(&s);
}

Test(agent_wire, evidence_counts_up_since_boot)
{
	struct imp_evidence e;

	scene_start(&s, false);
	scene_enroll(&s.dev);
	board_attest(&s.dev, &e);
	cr_assert_eq(e.count, 1);
	board_attest(&s.dev, &e);
	cr_assert_eq(e.count, 2);
	cr_assert_eq(board_boot(&s.dev), 0);
	board_attest(&s.dev, &e);
	cr_assert_eq(e.count, 1);
	cr_assert_eq(e.boot, 2);
	scene_stop(&s);
}

/* PWR-04: applied and no evidence is no refusal: a reason would say that it is not
 * applied. */
Test(agent_wire, applied_without_evidence_gives_no_reason)
{
	struct imp_response r;
	struct imp_request q = { .has_off = true, .has_len = true };
	const struct claim_spec spec = { 0 };
	uint8_t nonce[32] = { 1 }, sha[32];
	bool again;

	scene_start(&s, false);
	scene_enroll(&s.dev);
	q.data = make_claim(&s, &s.dev, &spec, object);
	q.len = (uint32_t)q.data.len;
	q.nonce = IMP_SPAN(nonce);
	q.sha = IMP_SPAN(sha);
	cr_assert_eq(imp_sha256(s.crypto, &q.data, 1, sha), 0);
	s.dev.sign_fails = true;
	ask(IMP_STAGE, IMP_SMP_WRITE, &q, &r);
	cr_assert(r.failed);
	cr_assert_eq(r.group, 0);
	cr_assert_eq(r.rc, IMP_SMP_UNKNOWN);
	s.dev.sign_fails = false;
	cr_assert_eq(board_push(&s.dev, q.data, &again), 0);
	cr_assert(again);
	scene_stop(&s);
}

Test(agent_wire, what_it_does_not_know_is_told_in_the_words_of_smp)
{
	static const struct {
		uint16_t group;
		uint8_t id, op;
		const char *body;
		uint32_t rc;
	} cases[] = {
		{ IMP_GROUP_IMPRINT, 77, IMP_SMP_READ, "\xa0", IMP_SMP_NOTSUP },
		{ IMP_GROUP_IMPRINT, IMP_STAGE, IMP_SMP_READ, "\xa0", IMP_SMP_NOTSUP },
		{ 1, 0, IMP_SMP_READ, "\xa0", IMP_SMP_NOTSUP },
		{ IMP_GROUP_IMPRINT, IMP_STAGE, IMP_SMP_WRITE, "\x80", IMP_SMP_INVALID },
		{ IMP_GROUP_OS, IMP_OS_ECHO, IMP_SMP_WRITE, "\xa0", IMP_SMP_INVALID },
	};
	struct imp_response r;

	scene_start(&s, false);
	for (size_t i = 0; i < COUNTOF(cases); i++) {
		cr_assert_eq(imp_response_decode(board_ask(&s.dev, cases[i].group,
							   cases[i].id, cases[i].op,
							   imp_span_str(cases[i].body)),
						 &r, NULL),
			     0);
		cr_assert(r.failed);
		cr_assert_eq(r.group, 0);
		cr_assert_eq(r.rc, cases[i].rc);
	}
	scene_stop(&s);
}

Test(agent_wire, link_answers_in_the_framing_it_was_asked_in)
{
	static struct imp_link link;
	static uint8_t stream[512], packet[64], back[2048];
	static const enum imp_framing framings[] = { IMP_FRAMING_CONSOLE,
						     IMP_FRAMING_COBS,
						     IMP_FRAMING_CONSOLE };
	const struct imp_smp smp = { .version = 1, .group = IMP_GROUP_IMPRINT };
	struct imp_writer p = imp_writer(packet, sizeof(packet));

	scene_start(&s, false);
	imp_link_init(&link, &s.dev.agent, IMP_FRAMING_CONSOLE);
	imp_smp_put_header(&p, &smp, 1);
	imp_put(&p, IMP_TEXT("\xa0"));
	for (size_t i = 0; i < COUNTOF(framings); i++) {
		struct imp_writer w = imp_writer(stream, sizeof(stream));
		struct imp_deframer d;
		struct imp_span in, answer, got;

		imp_put(&w, IMP_TEXT("boot: ok\r\n"));
		imp_frame_put(&w, framings[i], imp_written(&p));
		in = imp_written(&w);
		cr_assert(imp_link_feed(&link, &in, &answer));
		imp_deframer_init(&d, IMP_FRAMING_CONSOLE, back, sizeof(back) - 4);
		cr_assert(imp_deframe(&d, &answer, &got));
		cr_assert_eq(d.framing, framings[i]);
		cr_assert_not(imp_link_feed(&link, &in, &answer));
	}
	scene_stop(&s);
}

/* A link of bare packets: the answer is bare, and describe says what the link carries. */
Test(agent_wire, a_bare_link_answers_bare_and_says_so)
{
	static struct imp_link link;
	static uint8_t packet[64];
	const struct imp_smp smp = { .version = 1, .group = IMP_GROUP_IMPRINT };
	struct imp_writer p = imp_writer(packet, sizeof(packet));
	struct imp_span in, answer;
	struct imp_describe d;
	struct imp_smp got;

	scene_start(&s, false);
	imp_link_init(&link, &s.dev.agent, IMP_FRAMING_BARE);
	imp_smp_put_header(&p, &smp, 1);
	imp_put(&p, IMP_TEXT("\xa0"));
	in = (struct imp_span){ packet, p.len - 1 };
	cr_assert_not(imp_link_feed(&link, &in, &answer));
	imp_link_end(&link); /* a message that broke off */
	in = imp_written(&p);
	cr_assert(imp_link_feed(&link, &in, &answer));
	cr_assert(imp_smp_decode(answer, &got), "nothing around the packet");
	cr_assert_eq(imp_describe_decode(got.body, &d, NULL), 0);
	cr_assert(d.bare && !d.cobs);
	imp_link_init(&link, &s.dev.agent, IMP_FRAMING_CONSOLE);
	in = imp_written(&p);
	cr_assert_not(imp_link_feed(&link, &in, &answer), "bare on a console is noise");
	scene_stop(&s);
}
