/* SPDX-License-Identifier: Apache-2.0 */
/* What an object will do, in words. */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "approve.h"
#include "base/digits.h"
#include "base/escape.h"
#include "issue/grants.h"
#include "object/challenge.h"
#include "object/command.h"
#include "object/revocation.h"

struct words {
	char *out;
	size_t len;
	bool cut; /* something did not fit */
};

static void IMP_PRINTF(2, 3) say(struct words *w, const char *fmt, ...)
{
	size_t room = APPROVE_WORDS - w->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(w->out + w->len, room, fmt, ap);
	va_end(ap);
	w->cut |= n < 0 || (size_t)n >= room;
	w->len += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

void approve_target(const struct imp_target *t, char out[APPROVE_TARGET])
{
	char name[4 * IMP_HWMODEL_MAX + 1];

	if (t->ueid.len > 0) {
		imp_device_name(t->ueid, name);
		snprintf(out, APPROVE_TARGET, "%s", name);
		return;
	}
	imp_escape(name, sizeof(name), t->hwmodel);
	if (t->has_oemid)
		snprintf(out, APPROVE_TARGET, "every device of class %" PRIu32 "/%s",
			 t->oemid, name);
	else
		snprintf(out, APPROVE_TARGET, "every device of class %s", name);
}

static void say_domains(struct words *w, uint16_t domains)
{
	const char *between = "";

	for (unsigned d = 0; d < 16; d++)
		if (domains >> d & 1) {
			say(w, "%s%u", between, d);
			between = ", ";
		}
}

static void say_policy(struct words *w, uint32_t policy)
{
	say(w, "the maker's key may %srecover it, it proves itself to %s",
	    policy & IMP_POLICY_RECOVERY ? "" : "not ",
	    policy & IMP_POLICY_CHALLENGED ? "challenges only" : "whoever asks");
}

/* "; from then on what it signs needs 2 of 3 others: ..." */
static void say_approval(struct words *w, const struct imp_approval *a,
			 struct imp_crypto *crypto, const char *whose)
{
	if (a->threshold == 0)
		return;
	say(w, "; what %s signs needs %" PRIu32 " of %" PRIu32 " others", whose,
	    a->threshold, a->count);
	for (uint32_t i = 0; i < a->count; i++) {
		uint8_t kid[32];
		char text[24] = "?";

		if (imp_cose_kid(crypto, &a->key[i], kid) == 0)
			imp_short_hex(IMP_SPAN(kid), text);
		say(w, "%s%s", i ? ", " : ": ", text);
	}
}

static void say_floor(struct words *w, const struct imp_command *m, const char *target)
{
	say(w, "floor: on %s, ", target);
	for (unsigned d = 0, n = 0; d < 16; d++)
		if (m->domains >> d & 1)
			say(w, "%sdomain %u goes up to domain-epoch %" PRIu32,
			    n++ ? ", " : "", d, m->floor[d]);
	say(w, ": whatever was signed for a lower one is dead, for good");
}

static int command(const struct imp_signed *s, struct words *w, struct imp_error *err)
{
	struct imp_command m;
	char target[APPROVE_TARGET];
	int rc = imp_command_decode(s->payload, &m, err);

	if (rc)
		return rc;
	approve_target(&m.target, target);
	switch (m.op) {
	case IMP_OP_LOCK:
		say(w, "lock: %s is locked, a mark that is never taken off", target);
		break;
	case IMP_OP_FLOOR:
		say_floor(w, &m, target);
		break;
	case IMP_OP_WIPE:
		say(w, "wipe: %s loses its settings in domain ", target);
		say_domains(w, m.domains);
		break;
	case IMP_OP_POLICY:
		say(w, "policy: of %s: ", target);
		say_policy(w, m.policy);
		break;
	case IMP_OP_DECOMMISSION:
		say(w,
		    "retire: %s loses all settings and takes nothing any more, for good",
		    target);
		break;
	}
	say(w, "; owner-epoch %" PRIu32, m.owner_epoch);
	if (m.sequence > 0)
		say(w, ", sequence %" PRIu64 " of domain 0", m.sequence);
	return 0;
}

static bool is_claim(const struct imp_transfer *t)
{
	static const uint8_t none[32];

	return t->owner_epoch == 1 && memcmp(t->previous.ptr, none, 32) == 0;
}

static int transfer(struct imp_crypto *crypto, const struct imp_signed *s,
		    struct words *w, struct imp_error *err)
{
	struct imp_transfer t;
	char target[APPROVE_TARGET], owner[24] = "?";
	uint8_t kid[32];
	int rc = imp_transfer_decode(s->payload, &t, err);

	if (rc)
		return rc;
	approve_target(&t.target, target);
	if (imp_cose_kid(crypto, &t.owner, kid) == 0)
		imp_short_hex(IMP_SPAN(kid), owner);
	if (is_claim(&t)) {
		say(w, "claim: %s becomes the first owner of %s", owner, target);
	} else {
		say(w, "transfer: %s goes to the new owner %s, owner-epoch %" PRIu32,
		    target, owner, t.owner_epoch);
		say(w, t.has_kept && t.kept ? "; it keeps its settings in domain "
					    : "; it loses all settings");
		say_domains(w, t.has_kept ? t.kept : 0);
	}
	say(w, "; ");
	say_policy(w, t.policy);
	say_approval(w, &t.approval, crypto, "that owner");
	return 0;
}

static int grant(struct imp_crypto *crypto, const struct imp_signed *s, struct words *w,
		 struct imp_error *err)
{
	char says[IMP_GRANT_WORDS], holder[24] = "?";
	struct imp_grant g;
	uint8_t kid[32];
	int rc = imp_grant_decode(s->payload, &g, err);

	if (rc)
		return rc;
	if (imp_cose_kid(crypto, &g.holder, kid) == 0)
		imp_short_hex(IMP_SPAN(kid), holder);
	rc = imp_grant_says(&g, says, err);
	if (rc)
		return rc;
	say(w, "grant: %s may write %s", holder, says);
	say_approval(w, &g.approval, crypto, "it");
	return 0;
}

static int challenge(const struct imp_signed *s, struct words *w, struct imp_error *err)
{
	struct imp_challenge x;
	char target[APPROVE_TARGET];
	int rc = imp_challenge_decode(s->payload, &x, err);

	if (rc)
		return rc;
	approve_target(&x.target, target);
	say(w, "challenge: %s may be asked to prove itself; owner-epoch %" PRIu32, target,
	    x.epochs[0]);
	if (x.domain > 0)
		say(w, ", domain %" PRIu32 " with domain-epoch %" PRIu32, x.domain,
		    x.epochs[1]);
	return 0;
}

/* Each of them: "the keys a, b; the devices c". */
static void say_revoked(struct words *w, enum imp_revoked_set set, struct imp_span all)
{
	struct imp_cbor c = { .in = all };
	size_t n = imp_cbor_array(&c);
	const char *between = n == 1 ? " " : "s ";

	if (n > 0)
		say(w, "; the %s", imp_revoked_set_name(set));
	while (imp_cbor_more(&c, &n)) {
		struct imp_span subject = imp_cbor_bytes(&c);
		char name[80];

		if (set == IMP_REVOKED_DEVICE)
			imp_device_name(subject, name);
		else
			imp_short_hex(subject, name);
		say(w, "%s%s", between, name);
		between = ", ";
	}
}

static int revocation(const struct imp_signed *s, struct words *w, struct imp_error *err)
{
	struct imp_revocation r;
	int rc = imp_revocation_decode(s->payload, &r, err);

	if (rc)
		return rc;
	say(w, "list %" PRIu64 " of what hosts refuse", r.sequence);
	if (r.parts > 1)
		say(w, ", part %" PRIu32 " of %" PRIu32, r.part, r.parts);
	for (int set = 0; set < IMP_REVOKED_SETS; set++)
		say_revoked(w, (enum imp_revoked_set)set, r.set[set]);
	return 0;
}

static int words_of(struct imp_crypto *crypto, const struct imp_signed *s,
		    struct words *w, struct imp_error *err)
{
	switch (s->kind) {
	case IMP_KIND_COMMAND:
		return command(s, w, err);
	case IMP_KIND_TRANSFER:
		return transfer(crypto, s, w, err);
	case IMP_KIND_GRANT:
		return grant(crypto, s, w, err);
	case IMP_KIND_CHALLENGE:
		return challenge(s, w, err);
	case IMP_KIND_REVOCATION:
		return revocation(s, w, err);
	default:
		return imp_fail(err, IMP_EPOLICY, "a %s is nothing that several sign",
				imp_kind_name(s->kind));
	}
}

int approve_words(struct imp_crypto *crypto, const struct imp_signed *s,
		  char out[APPROVE_WORDS], struct imp_error *err)
{
	struct words w = { .out = out };
	int rc;

	out[0] = '\0';
	rc = words_of(crypto, s, &w, err);
	return rc || !w.cut ? rc
			    : imp_fail(err, IMP_ERESOURCE, "more than %d bytes in words",
				       APPROVE_WORDS - 1);
}
