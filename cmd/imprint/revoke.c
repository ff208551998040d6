/* SPDX-License-Identifier: Apache-2.0 */
/* What is revoked, as it is typed. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/digits.h"
#include "crypto/key.h"
#include "object/batch.h"
#include "object/package.h"
#include "revoke.h"
#include "source/csv.h"
#include "target.h"

enum { HEX = 64 };

/* 64 hex digits are a kid or an id. */
static bool is_hash(const char *text, uint8_t out[32])
{
	struct imp_writer w = imp_writer(out, 32);

	return strlen(text) == HEX && imp_from_hex(imp_span_str(text), &w) && w.ok;
}

static int add_key(struct imp_revoked *r, struct imp_crypto *crypto, const char *path,
		   struct imp_error *err)
{
	CLEANUP(imp_key_fini) struct imp_key key = { 0 };
	uint8_t kid[32];
	int rc = imp_key_open_public(crypto, path, &key, err);

	if (rc && !imp_key_in_hardware(path) && access(path, F_OK) != 0)
		return imp_hint(err, rc,
				"--kid takes a public key, or a kid of %d hex digits",
				HEX);
	if (!rc && imp_cose_kid(crypto, &key.pub, kid))
		rc = imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	return rc ? rc : imp_revoked_add(r, IMP_REVOKED_KEY, IMP_SPAN(kid), err);
}

static int add_item(struct imp_revoked *r, struct imp_crypto *crypto,
		    struct imp_span item, struct imp_error *err)
{
	struct imp_package k;
	struct imp_signed s;
	uint8_t id[32];
	int rc;

	if (imp_cose_tag(item) == IMP_TAG_ENCRYPT) {
		rc = imp_package_decode(item, &k, err);
		return rc ? rc
			  : imp_revoked_add(r, IMP_REVOKED_OBJECT, k.claims.profile_id,
					    err);
	}
	rc = imp_signed_decode(item, &s, err);
	if (!rc && imp_signed_id(crypto, &s, id))
		rc = imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	return rc ? rc : imp_revoked_add(r, IMP_REVOKED_OBJECT, IMP_SPAN(id), err);
}

/* Every object in a file. */
static int add_objects(struct imp_revoked *r, struct imp_crypto *crypto, const char *path,
		       struct imp_error *err)
{
	CLEANUP(imp_batch_close) struct imp_batch b = { 0 };
	struct imp_span item;
	int rc = imp_batch_open_any(&b, path, err);

	if (!rc && b.kind == IMP_BATCH_PROFILES)
		return imp_fail(err, IMP_EFORMAT,
				"%s: holds profiles that nobody signed: they have no id",
				path);
	while (!rc && (rc = imp_batch_next(&b, &item, err)) > 0)
		rc = imp_wrap(err, add_item(r, crypto, item, err), "%s: item %llu", path,
			      (unsigned long long)b.index);
	return rc;
}

static int add_device(struct imp_revoked *r, const char *where, const char *text,
		      struct imp_error *err)
{
	struct imp_span ueid;
	uint8_t buf[33];
	int rc = device_parse(where, text, buf, &ueid, err);

	return rc ? rc : imp_revoked_add(r, IMP_REVOKED_DEVICE, ueid, err);
}

int revoke_words(struct imp_revoked *r, struct imp_crypto *crypto,
		 const struct revoke_words *w, struct imp_error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < w->count; i++) {
		const struct revoke_word *word = &w->word[i];
		uint8_t hash[32];

		if (word->set == IMP_REVOKED_DEVICE)
			rc = add_device(r, "--ueid", word->text, err);
		else if (is_hash(word->text, hash))
			rc = imp_revoked_add(r, word->set, IMP_SPAN(hash), err);
		else if (word->set == IMP_REVOKED_KEY)
			rc = add_key(r, crypto, word->text, err);
		else
			rc = add_objects(r, crypto, word->text, err);
	}
	return rc;
}

struct column {
	const char *name;
	enum imp_revoked_set set;
	int at; /* -1: it is not there */
};

static int add_field(struct imp_revoked *r, const struct imp_csv *csv,
		     const struct column *c, struct imp_error *err)
{
	const char *text = imp_csv_field(csv, (size_t)c->at);
	char where[600];
	uint8_t hash[32];
	int rc;

	if (!*text)
		return 0;
	snprintf(where, sizeof(where), "%.500s:%lu: %s", csv->name, csv->row_line,
		 c->name);
	if (c->set == IMP_REVOKED_DEVICE)
		rc = add_device(r, where, text, err);
	else if (is_hash(text, hash))
		rc = imp_revoked_add(r, c->set, IMP_SPAN(hash), err);
	else
		rc = imp_fail(err, IMP_EFORMAT, "%s %s: expected 64 hex digits", where,
			      text);
	if (rc == -IMP_EUSAGE && err)
		err->code = IMP_EFORMAT;
	return rc == -IMP_EUSAGE ? -IMP_EFORMAT : rc;
}

int revoke_csv(struct imp_revoked *r, const char *path, struct imp_error *err)
{
	struct column column[] = { { "kid", IMP_REVOKED_KEY, -1 },
				   { "object", IMP_REVOKED_OBJECT, -1 },
				   { "imei", IMP_REVOKED_DEVICE, -1 },
				   { "ueid", IMP_REVOKED_DEVICE, -1 } };
	CLEANUP(imp_csv_close) struct imp_csv csv = { 0 };
	int found = 0, rc = imp_csv_open(&csv, path, ',', err);

	for (size_t i = 0; !rc && i < COUNTOF(column); i++) {
		column[i].at = imp_csv_find(&csv, column[i].name);
		found += column[i].at >= 0;
	}
	if (!rc && found == 0)
		return imp_fail(err, IMP_EFORMAT,
				"%s: expected a column kid, object, imei or ueid", path);
	while (!rc && (rc = imp_csv_next(&csv, err)) > 0) {
		rc = 0;
		for (size_t i = 0; !rc && i < COUNTOF(column); i++)
			if (column[i].at >= 0)
				rc = add_field(r, &csv, &column[i], err);
	}
	return rc;
}
