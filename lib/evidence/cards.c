/* SPDX-License-Identifier: Apache-2.0 */
/* The devices of a .cards file. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "evidence/cards.h"
#include "object/batch.h"
#include "object/signed.h"

/* Read as much as a card usually has; one that is longer is read again, whole. */
enum { CARD_LEN = 1024 };

static int read_at(const struct imp_cards *c, uint64_t offset, size_t len,
		   struct imp_secret *out, struct imp_error *err)
{
	int rc = imp_secret_reserve(out, len, err);

	while (!rc && out->len < len) {
		ssize_t n = pread(c->fd, out->ptr + out->len, len - out->len,
				  (off_t)(offset + out->len));

		if (n < 0 && errno != EINTR)
			rc = imp_fail(err, IMP_EUSAGE, "%s: %s", c->name,
				      strerror(errno));
		if (n == 0)
			break;
		out->len += n > 0 ? (size_t)n : 0;
	}
	return rc;
}

/* The encoded item at an offset. */
static int read_item(const struct imp_cards *c, uint64_t offset, struct imp_secret *out,
		     struct imp_error *err)
{
	struct imp_cbor_fault f = { 0 };
	int rc = read_at(c, offset, CARD_LEN, out, err);
	size_t len =
		rc ? 0 : imp_cbor_item_len(imp_secret_span(out), IMP_CBOR_STRICT, &f);

	if (!rc && len == 0) {
		rc = read_at(c, offset, IMP_CBOR_MAX, out, err);
		if (!rc)
			len = imp_cbor_item_len(imp_secret_span(out), IMP_CBOR_STRICT,
						&f);
	}
	if (!rc && len == 0)
		rc = imp_fail(err, IMP_EFORMAT, "changed while it was read: %s", f.rule);
	out->len = len;
	return rc;
}

static int payload_of(struct imp_span item, struct imp_card *card, struct imp_error *err)
{
	struct imp_signed s;
	int rc = imp_signed_decode(item, &s, err);

	if (!rc && s.kind != IMP_KIND_CARD)
		rc = imp_fail(err, IMP_EFORMAT, "is a %s, expected a card",
			      imp_kind_name(s.kind));
	return rc ? rc : imp_card_decode(s.cose.payload, card, err);
}

int imp_cards_read(const struct imp_cards *c, size_t i, struct imp_secret *bytes,
		   struct imp_card *card, bool *latest, struct imp_error *err)
{
	struct imp_card own;
	const uint32_t *where;
	int rc = read_item(c, c->at[i], bytes, err);

	if (!rc)
		rc = payload_of(imp_secret_span(bytes), &own, err);
	if (rc)
		return imp_wrap(err, rc, "%s: card %zu", c->name, i + 1);
	where = imp_seen_find(&c->ueid, own.ueid);
	if (card)
		*card = own;
	if (latest)
		*latest = where && *where == i;
	return 0;
}

static struct imp_span key_bytes(const struct imp_pub *pub)
{
	return (struct imp_span){ (const uint8_t *)pub, sizeof(*pub) };
}

static int same_key(const struct imp_card *a, const struct imp_card *b,
		    struct imp_error *err)
{
	char one[80], two[80];

	imp_device_name(a->ueid, one);
	imp_device_name(b->ueid, two);
	return imp_fail(err, IMP_EPOLICY, "%s and %s have the same key", one, two);
}

static int other_keys(const struct imp_card *card, struct imp_error *err)
{
	char name[80];
	int rc;

	imp_device_name(card->ueid, name);
	rc = imp_fail(err, IMP_EPOLICY, "%s: two cards with different keys", name);
	return imp_hint(err, rc,
			"one of them is a clone, or the board was exchanged: trust "
			"neither before you know");
}

/* Does an earlier card stand against this one? */
static int compare(const struct imp_cards *c, uint32_t where, const struct imp_card *card,
		   struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret bytes = { 0 };
	struct imp_card old;
	int rc;

	if (where == IMP_SEEN_NOWHERE)
		return 0;
	rc = imp_cards_read(c, where, &bytes, &old, NULL, err);
	if (rc)
		return rc;
	if (!imp_span_eq(old.ueid, card->ueid))
		return imp_pub_eq(&old.signing, &card->signing) ||
				       imp_pub_eq(&old.sealing, &card->sealing)
			       ? same_key(&old, card, err)
			       : 0;
	return imp_pub_eq(&old.signing, &card->signing) &&
			       imp_pub_eq(&old.sealing, &card->sealing)
		       ? 0
		       : other_keys(card, err);
}

int imp_cards_contradict(const struct imp_cards *c, const struct imp_card *card,
			 struct imp_error *err)
{
	const uint32_t *at[] = { imp_seen_find(&c->ueid, card->ueid),
				 imp_seen_find(&c->signing, key_bytes(&card->signing)),
				 imp_seen_find(&c->sealing, key_bytes(&card->sealing)) };
	int rc = 0;

	for (size_t i = 0; !rc && i < COUNTOF(at); i++)
		rc = compare(c, at[i] ? *at[i] : IMP_SEEN_NOWHERE, card, err);
	return rc;
}

static int note_place(struct imp_cards *c, uint64_t offset, struct imp_error *err)
{
	if (c->count == c->cap) {
		size_t cap = c->cap ? c->cap + c->cap / 2 : 64;
		uint64_t *more = reallocarray(c->at, cap, sizeof(*more));

		if (!more)
			return imp_fail(err, IMP_ERESOURCE, "out of memory for %zu cards",
					cap);
		c->at = more;
		c->cap = cap;
	}
	c->at[c->count++] = offset;
	return 0;
}

static int add(struct imp_cards *c, uint64_t offset, struct imp_span item,
	       struct imp_error *err)
{
	const uint32_t where = (uint32_t)c->count;
	uint32_t before, ignored;
	struct imp_card card;
	int rc = payload_of(item, &card, err);

	if (!rc)
		rc = imp_cards_contradict(c, &card, err);
	if (!rc)
		rc = note_place(c, offset, err);
	if (!rc)
		rc = imp_seen_add(&c->ueid, card.ueid, where, &before, err);
	if (!rc)
		rc = imp_seen_add(&c->signing, key_bytes(&card.signing), where, &ignored,
				  err);
	if (!rc)
		rc = imp_seen_add(&c->sealing, key_bytes(&card.sealing), where, &ignored,
				  err);
	if (rc)
		return rc;
	c->devices += before == IMP_SEEN_NOWHERE;
	*imp_seen_find(&c->ueid, card.ueid) = where;
	return 0;
}

static int start(struct imp_cards *c, const char *path,
		 const struct imp_factories *factories, struct imp_error *err)
{
	int rc = imp_file_open_twice(path, &c->fd, err);

	if (rc)
		return rc;
	c->name = strdup(strcmp(path, "-") == 0 ? "standard input" : path);
	if (!c->name)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	for (size_t i = 0; i < factories->count; i++)
		c->factory[i] = factories->key[i];
	c->factories.count = factories->count;
	rc = imp_seen_init(&c->ueid, err);
	if (!rc)
		rc = imp_seen_init(&c->signing, err);
	return rc ? rc : imp_seen_init(&c->sealing, err);
}

int imp_cards_open(struct imp_cards *c, const char *path,
		   const struct imp_factories *factories, struct imp_error *err)
{
	CLEANUP(imp_cards_close) struct imp_cards t = { .fd = -1 };
	CLEANUP(imp_batch_close) struct imp_batch b = { 0 };
	struct imp_span item;
	int rc = start(&t, path, factories, err);

	if (!rc)
		rc = imp_batch_open_fd(&b, fcntl(t.fd, F_DUPFD_CLOEXEC, 3), t.name,
				       IMP_BATCH_CARDS, err);
	while (!rc && (rc = imp_batch_next(&b, &item, err)) > 0)
		rc = imp_wrap(err, add(&t, b.offset, item, err), "%s: card %" PRIu64,
			      t.name, b.index);
	if (rc)
		return rc;
	*c = t;
	c->factories.key = c->factory;
	t = (struct imp_cards){ .fd = -1 };
	return 0;
}

int imp_cards_find(const struct imp_cards *c, struct imp_crypto *crypto,
		   struct imp_span ueid, struct imp_known *out, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret bytes = { 0 };
	const uint32_t *where = imp_seen_find(&c->ueid, ueid);
	int rc;

	if (!where)
		return 0;
	rc = read_item(c, c->at[*where], &bytes, err);
	if (!rc)
		rc = imp_known_check(crypto, imp_secret_span(&bytes), NULL, &c->factories,
				     out, err);
	if (rc)
		return imp_wrap(err, rc, "%s: card %u", c->name, *where + 1);
	if (imp_span_eq(out->card.ueid, ueid))
		return 1;
	imp_known_fini(out);
	return 0;
}

void imp_cards_close(struct imp_cards *c)
{
	if (c->name)
		close(c->fd);
	free(c->name);
	free(c->at);
	imp_seen_fini(&c->ueid);
	imp_seen_fini(&c->signing);
	imp_seen_fini(&c->sealing);
	*c = (struct imp_cards){ .fd = -1 };
}
