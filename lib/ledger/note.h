/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Note: a text that Ed25519 keys have signed, and the verifier keys that people hand
 * around.
 *
 * A note is a text that ends in a newline, an empty line, and lines "— NAME
 * base64(key id || signature)". Signatures by keys that nobody asked about are passed
 * over, of whatever kind; a bad one by a key that was asked about makes the note bad.
 * Source: C2SP signed-note v1.0.0, tlog-cosignature.
 */
#ifndef IMP_LEDGER_NOTE_H
#define IMP_LEDGER_NOTE_H

#include "base/secret.h"
#include "crypto/face.h"

enum {
	IMP_NOTE_MAX = 131072, /* bytes of a note */
	IMP_NOTE_NAME = 128,   /* bytes of a key's name */
	IMP_NOTE_LINE = 320,   /* bytes of a line that we write */
	IMP_VKEY_TEXT = 256,   /* bytes of a verifier key as text */
};

/* Signature types. Source: signed-note, Signature types. */
enum imp_note_type {
	IMP_NOTE_ED25519 = 1,  /* over the text */
	IMP_NOTE_COSIGNED = 4, /* by a witness, over a time and the text */
};

struct imp_vkey {
	char name[IMP_NOTE_NAME + 1]; /* NUL-terminated */
	uint8_t id[4];
	enum imp_note_type type;
	struct imp_pub pub; /* Ed25519 */
};

/* May a key, and so a log, have this name: 1..128 bytes of UTF-8 without spaces, controls
 * and plus signs? */
bool imp_note_name(struct imp_span name);
/* 0, -IMP_EUSAGE (the name), -IMP_EKEY (not Ed25519, or a point that must not be used).
 */
int imp_vkey_make(struct imp_crypto *c, struct imp_span name, enum imp_note_type type,
		  const struct imp_pub *pub, struct imp_vkey *out, struct imp_error *err)
	IMP_MUST_CHECK;
/*
 * Read "NAME+ID+KEY", as vkeys are written; one newline may follow.
 *
 * 0, or -IMP_EKEY (not one, or of a type that is not in the list above).
 */
int imp_vkey_parse(struct imp_crypto *c, struct imp_span text, struct imp_vkey *out,
		   struct imp_error *err) IMP_MUST_CHECK;
void imp_vkey_put(struct imp_writer *w, const struct imp_vkey *key);

struct imp_note {
	struct imp_span text;  /* with its last newline; borrowed */
	struct imp_span lines; /* of signatures; borrowed */
};

/* Take a note apart; every line is looked at, nothing is verified. 0, or -IMP_EFORMAT. */
int imp_note_parse(struct imp_span in, struct imp_note *out, struct imp_error *err)
	IMP_MUST_CHECK;
/*
 * Is the note signed by this key?
 *
 *   time   of a cosignature, seconds since 1970; may be NULL
 *
 * 1, 0 where there is no line by it, -IMP_EVERIFY where one does not verify.
 */
int imp_note_verify(struct imp_crypto *c, const struct imp_note *note,
		    const struct imp_vkey *key, uint64_t *time, struct imp_error *err)
	IMP_MUST_CHECK;
/*
 * Write a line of signature.
 *
 *   self   the signer's own key, whose type decides what is signed
 *   time   for a cosignature
 *
 * 0, or -IMP_EKEY.
 */
int imp_note_sign(const struct imp_signer *signer, const struct imp_vkey *self,
		  uint64_t time, struct imp_span text, struct imp_writer *w,
		  struct imp_error *err) IMP_MUST_CHECK;

/* The next line of a text, without its newline. false at the end, and where no newline
 * follows. */
bool imp_text_line(struct imp_span *rest, struct imp_span *line);

#endif
