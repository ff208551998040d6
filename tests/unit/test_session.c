/* SPDX-License-Identifier: Apache-2.0 */
/* A conversation ends, whatever comes or does not come: every wait and every repetition
 * is bounded, and the count is told. */
#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

#include "crypto/host.h"
#include "driver/session.h"

enum { PATIENCE = 10, MINUTE = 60000 };

/* A line whose other end is a function. */
struct line {
	struct imp_transport base;
	struct imp_deframer deframer;
	uint8_t in[IMP_SESSION_PACKET + 4], out[IMP_WIRE_MAX(IMP_SESSION_PACKET)];
	struct imp_writer answer;
	size_t read;		 /* of the answer */
	size_t piece;		 /* bytes that come at once */
	struct imp_span endless; /* comes when nothing else does */
	unsigned asked;
	void (*reply)(struct line *l, const struct imp_smp *asked);
};

static struct line line;
static struct imp_session s;
static struct imp_error err;
static struct imp_crypto *crypto;

static int line_write(struct imp_transport *t, struct imp_span bytes,
		      const struct imp_wait *wait, struct imp_error *e)
{
	struct line *l = (struct line *)t;
	struct imp_span packet;

	(void)wait;
	(void)e;
	while (imp_deframe(&l->deframer, &bytes, &packet)) {
		struct imp_smp smp;

		cr_assert(imp_smp_decode(packet, &smp));
		l->asked++;
		l->answer.len = l->read = 0;
		if (l->reply)
			l->reply(l, &smp);
	}
	return 0;
}

static void sleep_until(uint64_t ns)
{
	const struct timespec t = { (time_t)(ns / 1000000000), (long)(ns % 1000000000) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static int line_read(struct imp_transport *t, uint8_t *buf, size_t cap, size_t *len,
		     const struct imp_wait *wait, struct imp_error *e)
{
	struct line *l = (struct line *)t;
	struct imp_span rest = { l->answer.ptr + l->read, l->answer.len - l->read };
	bool answers = rest.len > 0;

	(void)e;
	if (!answers)
		rest = l->endless;
	if (rest.len == 0) {
		sleep_until(wait->deadline_ns);
		*len = 0;
		return 0;
	}
	*len = rest.len < l->piece ? rest.len : l->piece;
	*len = *len < cap ? *len : cap;
	memcpy(buf, rest.ptr, *len);
	l->read += answers ? *len : 0;
	sleep_until(imp_now_ns() + 1000000);
	return 0;
}

static void line_close(struct imp_transport *t)
{
	(void)t;
}

static const struct imp_transport_ops ops = {
	.scheme = "line", .write = line_write, .read = line_read, .close = line_close
};

static void begin(uint32_t timeout_ms)
{
	const struct imp_session_setup setup = {
		.uri = "line", .crypto = crypto, .timeout_ms = timeout_ms, .cancel_fd = -1
	};

	imp_session_init(&s, &line.base, &setup);
}

static void start(uint32_t timeout_ms,
		  void (*reply)(struct line *, const struct imp_smp *))
{
	cr_assert_eq(imp_crypto_new(&crypto, NULL), 0);
	memset(&line, 0, sizeof(line));
	line.base.ops = &ops;
	line.answer = imp_writer(line.out, sizeof(line.out));
	line.piece = sizeof(line.out);
	line.reply = reply;
	imp_deframer_init(&line.deframer, IMP_FRAMING_CONSOLE, line.in,
			  IMP_SESSION_PACKET);
	begin(timeout_ms);
	s.patience_ms = PATIENCE;
	s.buf = 1024;
}

static void stop(void)
{
	imp_crypto_free(&crypto);
}

TestSuite(session, .timeout = 20, .fini = stop);

/* Put an answer with this body, its sequence changed by so much. */
static void answer(struct line *l, const struct imp_smp *asked, struct imp_span body,
		   unsigned other)
{
	uint8_t packet[64];
	struct imp_writer w = imp_writer(packet, sizeof(packet));
	struct imp_smp smp = *asked;

	smp.op++;
	smp.sequence = (uint8_t)(smp.sequence + other);
	imp_smp_put_header(&w, &smp, body.len);
	imp_put(&w, body);
	imp_frame_put(&l->answer, IMP_FRAMING_CONSOLE, imp_written(&w));
}

static void describe(const char *words)
{
	struct imp_describe d;

	cr_assert_eq(imp_session_describe(&s, &d, &err), -IMP_ETRANSPORT);
	cr_assert_not_null(strstr(err.msg, words), "%s", err.msg);
}

static uint64_t since_ms(uint64_t start_ns)
{
	return (imp_now_ns() - start_ns) / 1000000;
}

/* DEV-01 */
Test(session, silence_is_asked_four_times)
{
	start(MINUTE, NULL);
	describe("nothing came (asked 4 times)");
	cr_assert_eq(line.asked, IMP_SESSION_TRIES);
	cr_assert_eq(s.retries, IMP_SESSION_TRIES - 1);
}

static void spoilt(struct line *l, const struct imp_smp *asked)
{
	answer(l, asked, IMP_TEXT("\xa0"), 0);
	l->out[l->answer.len - 4] ^= 1; /* a bit of the checksum */
}

/* SER-03 */
Test(session, bad_checks_are_asked_four_times)
{
	start(MINUTE, spoilt);
	describe("4 frames came, not one whole (asked 4 times)");
	cr_assert_eq(line.asked, IMP_SESSION_TRIES);
}

static void to_another(struct line *l, const struct imp_smp *asked)
{
	struct imp_smp other = *asked;

	answer(l, asked, IMP_TEXT("\xa0"), 1);
	other.id++;
	answer(l, &other, IMP_TEXT("\xa0"), 0);
	other = *asked;
	other.group++;
	answer(l, &other, IMP_TEXT("\xa0"), 0);
}

/* SER-06: another sequence number, command or group is no answer to this. */
Test(session, answers_to_other_questions_are_none)
{
	start(MINUTE, to_another);
	describe("12 answers came, not one to this question (asked 4 times)");
	cr_assert_eq(line.asked, IMP_SESSION_TRIES);
}

static void mirrored(struct line *l, const struct imp_smp *asked)
{
	struct imp_smp same = *asked;

	same.op--;
	answer(l, &same, IMP_TEXT("\xa0"), 0);
}

/* SER-14 */
Test(session, own_frames_are_no_answer)
{
	start(MINUTE, mirrored);
	describe("only our own bytes came back");
}

/* DEV-03: text, then frames, that never end. */
Test(session, endless_stream_ends_with_the_patience)
{
	const struct imp_smp old = { .version = 1, .op = IMP_SMP_WRITE, .sequence = 9 };
	static uint8_t frame[256];
	uint64_t begun;

	start(MINUTE, NULL);
	line.endless = IMP_TEXT("uart:~$ \r\n");
	begun = imp_now_ns();
	describe("text came");
	cr_assert_lt(since_ms(begun), 2000);
	stop();
	start(MINUTE, NULL);
	answer(&line, &old, IMP_TEXT("\xa0"), 0);
	memcpy(frame, line.out, line.answer.len);
	line.endless = (struct imp_span){ frame, line.answer.len };
	line.answer.len = 0;
	begun = imp_now_ns();
	describe("not one to this question");
	cr_assert_lt(since_ms(begun), 2000);
	cr_assert_eq(line.asked, IMP_SESSION_TRIES);
}

static void begun_frame(struct line *l, const struct imp_smp *asked)
{
	(void)asked;
	imp_put(&l->answer, IMP_TEXT("\x06\x09"
				     "IAAA")); /* 8192 bytes are to come */
}

/* DEV-02: a frame that is always coming in stretches the patience, but not for ever. */
Test(session, frame_that_never_ends_is_given_up)
{
	uint64_t begun = imp_now_ns();

	start(MINUTE, begun_frame);
	line.endless = IMP_TEXT("A");
	describe("not one whole");
	cr_assert_gt(since_ms(begun), 5 * PATIENCE, "a slow line is waited for");
	cr_assert_lt(since_ms(begun), 4000);
	cr_assert_eq(line.asked, IMP_SESSION_TRIES);
}

Test(session, deadline_is_that_of_the_whole)
{
	uint64_t begun = imp_now_ns();

	start(40, NULL);
	s.patience_ms = MINUTE;
	describe("asked 1 time)");
	cr_assert_lt(since_ms(begun), 2000);
	describe("no time left");
	cr_assert_eq(line.asked, 1);
}

static void back(struct line *l, const struct imp_smp *asked)
{
	answer(l, asked, IMP_TEXT("\xa1\x63off\x00"), 0);
}

/* SER-15 */
Test(session, device_that_takes_nothing_is_given_up)
{
	static const uint8_t object[5000], nonce[32];
	struct imp_response r;
	unsigned reason;

	start(MINUTE, back);
	cr_assert_eq(imp_session_stage(&s, IMP_SPAN(object), nonce, &r, &reason, &err),
		     -IMP_EDEVICE);
	cr_assert_not_null(strstr(err.msg, "went back in the object 5 times"), "%s",
			   err.msg);
	cr_assert_eq(line.asked, IMP_SESSION_TRIES + 1);
}

/* An answer to whoever used the port before must not pass for one to us. */
Test(session, sequence_numbers_start_anywhere)
{
	unsigned differ = 0;
	uint8_t first;

	start(MINUTE, NULL);
	first = s.sequence;
	for (unsigned i = 0; i < 8; i++) {
		begin(MINUTE);
		differ += s.sequence != first;
	}
	cr_assert_gt(differ, 0);
}
