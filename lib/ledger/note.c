/* SPDX-License-Identifier: Apache-2.0 */
/* Signed notes and verifier keys. */
#include <stdio.h>
#include <string.h>

#include "base/digits.h"
#include "crypto/key.h"
#include "ledger/note.h"

enum { ID_LEN = 4, PUB_LEN = 32, TIME_LEN = 8, SIG_MAX = 8192 };

static const struct imp_span dash = { (const uint8_t *)"\xe2\x80\x94 ", 4 };

/* Source: Unicode, White_Space. */
static bool is_space(uint32_t cp)
{
	static const uint32_t single[] = { 0x20,   0x85,   0xa0,   0x1680, 0x2028,
					   0x2029, 0x202f, 0x205f, 0x3000 };

	for (size_t i = 0; i < COUNTOF(single); i++)
		if (cp == single[i])
			return true;
	return (cp >= 0x09 && cp <= 0x0d) || (cp >= 0x2000 && cp <= 0x200a);
}

bool imp_note_name(struct imp_span name)
{
	uint32_t cp;

	if (name.len == 0 || name.len > IMP_NOTE_NAME)
		return false;
	while (name.len > 0) {
		size_t n = imp_utf8(name, &cp);

		if (n == 0 || is_space(cp) || imp_is_control(cp) || cp == '+')
			return false;
		name.ptr += n;
		name.len -= n;
	}
	return true;
}

/* SHA-256(name || LF || type || key), its first four bytes. */
static int key_id(struct imp_crypto *c, struct imp_vkey *key)
{
	const uint8_t middle[] = { '\n', (uint8_t)key->type };
	const struct imp_span part[] = { imp_span_str(key->name), IMP_SPAN(middle),
					 IMP_SPAN(key->pub.x) };
	uint8_t digest[IMP_SHA256_LEN];
	int rc = imp_sha256(c, part, COUNTOF(part), digest);

	memcpy(key->id, digest, ID_LEN);
	return rc;
}

int imp_vkey_make(struct imp_crypto *c, struct imp_span name, enum imp_note_type type,
		  const struct imp_pub *pub, struct imp_vkey *out, struct imp_error *err)
{
	struct imp_vkey k = { .type = type, .pub = *pub };

	if (!imp_note_name(name))
		return imp_fail(err, IMP_EUSAGE,
				"%.*s: expected a name of 1 to %d bytes without spaces "
				"and plus signs (C2SP signed-note)",
				(int)(name.len < 200 ? name.len : 200), name.ptr,
				IMP_NOTE_NAME);
	if (pub->crv != IMP_CRV_ED25519 || imp_pub_check(c, pub))
		return imp_fail(err, IMP_EKEY, "expected an Ed25519 key");
	memcpy(k.name, name.ptr, name.len);
	if (key_id(c, &k))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	*out = k;
	return 0;
}

static int no_vkey(struct imp_error *err)
{
	return imp_fail(err, IMP_EKEY,
			"is no verifier key NAME+ID+KEY (C2SP signed-note)");
}

/* Up to a plus sign, which is taken, too. */
static struct imp_span upto_plus(struct imp_span *rest)
{
	const uint8_t *plus = memchr(rest->ptr, '+', rest->len);
	struct imp_span out = { rest->ptr, plus ? (size_t)(plus - rest->ptr) : 0 };

	rest->ptr += out.len + (plus ? 1 : 0);
	rest->len -= out.len + (plus ? 1 : 0);
	return out;
}

int imp_vkey_parse(struct imp_crypto *c, struct imp_span text, struct imp_vkey *out,
		   struct imp_error *err)
{
	uint8_t id[ID_LEN], key[1 + PUB_LEN];
	struct imp_writer wi = imp_writer(id, sizeof(id));
	struct imp_writer wk = imp_writer(key, sizeof(key));
	struct imp_pub pub = { .crv = IMP_CRV_ED25519 };
	struct imp_vkey k;
	struct imp_span name, hex;
	int rc;

	if (text.len > 0 && text.ptr[text.len - 1] == '\n')
		text.len--;
	if (text.len == 0)
		return no_vkey(err);
	name = upto_plus(&text);
	hex = upto_plus(&text);
	if (!imp_note_name(name) || !imp_from_hex(hex, &wi) ||
	    !imp_from_base64(text, &wk) || !wi.ok || wi.len != ID_LEN || wk.len == 0)
		return no_vkey(err);
	if ((key[0] != IMP_NOTE_ED25519 && key[0] != IMP_NOTE_COSIGNED) || !wk.ok ||
	    wk.len != sizeof(key))
		return imp_fail(err, IMP_EKEY,
				"is a verifier key of type %u, expected 1 or 4 (Ed25519)",
				key[0]);
	memcpy(pub.x, key + 1, PUB_LEN);
	rc = imp_vkey_make(c, name, (enum imp_note_type)key[0], &pub, &k, err);
	if (!rc && memcmp(k.id, id, ID_LEN) != 0)
		rc = imp_fail(err, IMP_EKEY, "is a verifier key with a wrong id");
	if (!rc)
		*out = k;
	return rc;
}

void imp_vkey_put(struct imp_writer *w, const struct imp_vkey *key)
{
	uint8_t typed[1 + PUB_LEN] = { (uint8_t)key->type };

	memcpy(typed + 1, key->pub.x, PUB_LEN);
	imp_put(w, imp_span_str(key->name));
	imp_put_u8(w, '+');
	imp_put_hex(w, IMP_SPAN(key->id));
	imp_put_u8(w, '+');
	imp_put_base64(w, IMP_SPAN(typed));
}

bool imp_text_line(struct imp_span *rest, struct imp_span *line)
{
	const uint8_t *end = rest->len > 0 ? memchr(rest->ptr, '\n', rest->len) : NULL;

	if (!end)
		return false;
	*line = (struct imp_span){ rest->ptr, (size_t)(end - rest->ptr) };
	rest->ptr += line->len + 1;
	rest->len -= line->len + 1;
	return true;
}

struct line {
	struct imp_span name;
	uint8_t blob[SIG_MAX]; /* key id || signature */
	size_t len;
};

/* "— NAME base64" */
static bool parse_line(struct imp_span text, struct line *out)
{
	struct imp_writer w = imp_writer(out->blob, sizeof(out->blob));
	const uint8_t *space;

	if (text.len < dash.len || memcmp(text.ptr, dash.ptr, dash.len) != 0)
		return false;
	text.ptr += dash.len;
	text.len -= dash.len;
	space = memchr(text.ptr, ' ', text.len);
	if (!space)
		return false;
	out->name = (struct imp_span){ text.ptr, (size_t)(space - text.ptr) };
	text.len -= out->name.len + 1;
	text.ptr = space + 1;
	if (!imp_note_name(out->name) || !imp_from_base64(text, &w) || !w.ok)
		return false;
	out->len = w.len;
	return w.len > ID_LEN;
}

static bool is_clean(struct imp_span s)
{
	uint32_t cp;

	while (s.len > 0) {
		size_t n = imp_utf8(s, &cp);

		if (n == 0 || (cp < 0x20 && cp != '\n'))
			return false;
		s.ptr += n;
		s.len -= n;
	}
	return true;
}

static int no_note(const char *why, struct imp_error *err)
{
	return imp_fail(err, IMP_EFORMAT, "%s (C2SP signed-note)", why);
}

int imp_note_parse(struct imp_span in, struct imp_note *out, struct imp_error *err)
{
	struct imp_span lines, rest, text;
	struct line line;
	const uint8_t *gap;

	if (in.len > IMP_NOTE_MAX)
		return no_note("is larger than 131072 bytes", err);
	if (!is_clean(in))
		return no_note("is not UTF-8 without control characters", err);
	gap = in.len > 0 ? memmem(in.ptr, in.len, "\n\n", 2) : NULL;
	for (const uint8_t *next = gap; next;) {
		size_t left = in.len - (size_t)(next + 1 - in.ptr);

		gap = next;
		next = memmem(next + 1, left, "\n\n", 2);
	}
	if (!gap)
		return no_note("has no empty line before its signatures", err);
	text = (struct imp_span){ in.ptr, (size_t)(gap + 1 - in.ptr) };
	lines = (struct imp_span){ gap + 2, in.len - text.len - 1 };
	rest = lines;
	while (imp_text_line(&rest, &text))
		if (!parse_line(text, &line))
			return no_note("has a line that is no signature", err);
	if (lines.len == 0 || rest.len > 0)
		return no_note("does not end in a line of signature", err);
	*out = (struct imp_note){ { in.ptr, (size_t)(gap + 1 - in.ptr) }, lines };
	return 0;
}

/* What a key of this type signs. */
static size_t signed_parts(enum imp_note_type type, uint64_t time, char head[64],
			   struct imp_span text, struct imp_span part[2])
{
	part[0] = text;
	if (type == IMP_NOTE_ED25519)
		return 1;
	snprintf(head, 64, "cosignature/v1\ntime %llu\n", (unsigned long long)time);
	part[0] = imp_span_str(head);
	part[1] = text;
	return 2;
}

static int verify_line(struct imp_crypto *c, const struct imp_note *note,
		       const struct imp_vkey *key, struct imp_span blob, uint64_t *time)
{
	struct imp_reader r = imp_reader(blob);
	struct imp_span part[2], sig;
	char head[64];
	uint64_t t = 0;

	imp_take(&r, ID_LEN);
	if (key->type == IMP_NOTE_COSIGNED)
		t = imp_take_u64be(&r);
	sig = imp_take(&r, IMP_SIG_LEN);
	if (!r.ok || r.rest.len > 0 || t > INT64_MAX)
		return -IMP_EVERIFY;
	if (time)
		*time = t;
	return imp_verify(c, IMP_ALG_EDDSA, &key->pub, part,
			  signed_parts(key->type, t, head, note->text, part), sig);
}

int imp_note_verify(struct imp_crypto *c, const struct imp_note *note,
		    const struct imp_vkey *key, uint64_t *time, struct imp_error *err)
{
	struct imp_span rest = note->lines, text;
	struct line line;
	int found = 0;

	while (imp_text_line(&rest, &text)) {
		if (!parse_line(text, &line) ||
		    !imp_span_eq(line.name, imp_span_str(key->name)) ||
		    memcmp(line.blob, key->id, ID_LEN) != 0)
			continue;
		if (verify_line(c, note, key, (struct imp_span){ line.blob, line.len },
				time))
			return imp_fail(err, IMP_EVERIFY,
					"the signature by %s does not verify", key->name);
		found = 1;
	}
	return found;
}

int imp_note_sign(const struct imp_signer *signer, const struct imp_vkey *self,
		  uint64_t time, struct imp_span text, struct imp_writer *w,
		  struct imp_error *err)
{
	uint8_t blob[ID_LEN + TIME_LEN + IMP_SIG_LEN], sig[IMP_SIG_LEN];
	struct imp_writer b = imp_writer(blob, sizeof(blob));
	struct imp_span part[2];
	char head[64];
	size_t parts = signed_parts(self->type, time, head, text, part);

	if (signer->pub.crv != IMP_CRV_ED25519 ||
	    signer->sign(signer->ctx, part, parts, sig))
		return imp_sign_failed(signer, err);
	imp_put(&b, IMP_SPAN(self->id));
	if (self->type == IMP_NOTE_COSIGNED)
		imp_put_u64be(&b, time);
	imp_put(&b, IMP_SPAN(sig));
	imp_put(w, dash);
	imp_put(w, imp_span_str(self->name));
	imp_put_u8(w, ' ');
	imp_put_base64(w, imp_written(&b));
	imp_put_u8(w, '\n');
	return 0;
}
