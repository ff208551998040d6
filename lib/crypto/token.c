/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: which one, and logging in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "crypto/token.h"

enum { SLOTS_MAX = 256, TRIES = 3, PIN_FILE_MAX = 256 };

int token_begin(struct token **out, const char *uri, const struct imp_pkcs11_uri *parsed,
		struct imp_error *err)
{
	struct token *t = calloc(1, sizeof(*t));
	int rc;

	*out = t;
	if (!t)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	pthread_rwlock_init(&t->gate, NULL);
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->given, NULL);
	t->uri = *parsed;
	t->cancel_fd = -1;
	t->name = strndup(uri, strcspn(uri, "?"));
	if (!t->name)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	rc = module_load(t->name, parsed, &t->f, &t->started, err);
	return rc ? rc : token_find(t, err);
}

void token_free(struct token *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->idles; i++)
		t->f->C_CloseSession(t->idle[i]);
	if (t->started)
		t->f->C_Finalize(NULL);
	imp_secret_fini(&t->pin);
	pthread_cond_destroy(&t->given);
	pthread_mutex_destroy(&t->lock);
	pthread_rwlock_destroy(&t->gate);
	free(t->name);
	free(t);
}

/* Does a field of a fixed width, padded with spaces, hold this value? */
static bool field_is(const struct imp_pkcs11_value *v, const CK_UTF8CHAR *field,
		     size_t width)
{
	if (!v->given)
		return true;
	while (width > 0 && (field[width - 1] == ' ' || field[width - 1] == '\0'))
		width--;
	return v->len == width && memcmp(v->text, field, width) == 0;
}

static bool slot_is(const struct imp_pkcs11_value *v, CK_SLOT_ID slot)
{
	char text[24];

	snprintf(text, sizeof(text), "%lu", slot);
	return !v->given || strcmp(v->text, text) == 0;
}

static bool fits(const struct imp_pkcs11_uri *u, CK_SLOT_ID slot,
		 const CK_TOKEN_INFO *info)
{
	const struct imp_pkcs11_value *v = u->value;

	return (info->flags & CKF_TOKEN_INITIALIZED) &&
	       field_is(&v[IMP_PKCS11_TOKEN], info->label, sizeof(info->label)) &&
	       field_is(&v[IMP_PKCS11_MANUFACTURER], info->manufacturerID,
			sizeof(info->manufacturerID)) &&
	       field_is(&v[IMP_PKCS11_SERIAL], info->serialNumber,
			sizeof(info->serialNumber)) &&
	       field_is(&v[IMP_PKCS11_MODEL], info->model, sizeof(info->model)) &&
	       slot_is(&v[IMP_PKCS11_SLOT_ID], slot);
}

/* The tokens that are there, for a message: 'a', 'b' */
static void list_token(char *out, size_t cap, const CK_TOKEN_INFO *info)
{
	size_t n = sizeof(info->label), len = strlen(out);

	while (n > 0 && info->label[n - 1] == ' ')
		n--;
	if (info->flags & CKF_TOKEN_INITIALIZED)
		snprintf(out + len, cap - len, "%s'%.*s'", len ? ", " : "", (int)n,
			 (const char *)info->label);
}

static int no_token(const struct token *t, CK_ULONG found, const char *there,
		    struct imp_error *err)
{
	if (found > 1)
		return imp_hint(err,
				imp_fail(err, IMP_EKEY,
					 "%s: %lu tokens fit, expected one", t->name,
					 found),
				"token=, serial= and slot-id= tell them apart");
	return imp_fail(err, IMP_EKEY, "%s: no such token, found %s", t->name,
			*there ? there : "none");
}

int token_find(struct token *t, struct imp_error *err)
{
	CK_SLOT_ID slot[SLOTS_MAX];
	CK_ULONG slots = 0, found = 0;
	CK_TOKEN_INFO info;
	char there[200] = "";
	CK_RV rv;

	/* Without a list the module looks anew at what is there. */
	rv = t->f->C_GetSlotList(CK_TRUE, NULL, &slots);
	slots = SLOTS_MAX;
	if (rv == CKR_OK)
		rv = t->f->C_GetSlotList(CK_TRUE, slot, &slots);
	if (rv != CKR_OK)
		return module_failed(t->name, "listing tokens", rv, err);
	for (CK_ULONG i = 0; i < slots; i++) {
		if (t->f->C_GetTokenInfo(slot[i], &info) != CKR_OK)
			continue;
		list_token(there, sizeof(there), &info);
		if (!fits(&t->uri, slot[i], &info))
			continue;
		t->slot = slot[i];
		t->flags = info.flags;
		found++;
	}
	return found == 1 ? 0 : no_token(t, found, there, err);
}

int token_session(struct token *t, CK_FLAGS flags, CK_SESSION_HANDLE *out,
		  struct imp_error *err)
{
	CK_RV rv =
		t->f->C_OpenSession(t->slot, CKF_SERIAL_SESSION | flags, NULL, NULL, out);

	if (rv != CKR_OK)
		return module_failed(t->name, "opening a session", rv, err);
	pthread_mutex_lock(&t->lock);
	t->idle[t->idles++] = *out;
	t->opened++;
	pthread_mutex_unlock(&t->lock);
	return 0;
}

/* How near it is to being locked. PKCS#11 tells no number. */
static const char *tries_left(struct token *t)
{
	CK_TOKEN_INFO info = { .flags = 0 };

	if (t->f->C_GetTokenInfo(t->slot, &info) == CKR_OK)
		t->flags = info.flags;
	return t->flags & CKF_USER_PIN_LOCKED	   ? "it is locked now"
	       : t->flags & CKF_USER_PIN_FINAL_TRY ? "one try is left before it locks"
	       : t->flags & CKF_USER_PIN_COUNT_LOW
		       ? "not all tries are left before it locks"
		       : NULL;
}

static int locked(const struct token *t, struct imp_error *err)
{
	return imp_hint(err, imp_fail(err, IMP_EKEY, "%s: its PIN is locked", t->name),
			"its security officer sets a new one: pkcs11-tool --init-pin");
}

int token_login_failed(struct token *t, CK_RV rv, struct imp_error *err)
{
	const char *left = tries_left(t);

	if (rv == CKR_PIN_LOCKED || (t->flags & CKF_USER_PIN_LOCKED))
		return locked(t, err);
	if (rv == CKR_PIN_INCORRECT || rv == CKR_PIN_INVALID || rv == CKR_PIN_LEN_RANGE)
		return imp_fail(err, IMP_EKEY, "%s: wrong PIN%s%s", t->name,
				left ? ": " : "", left ? left : "");
	if (rv == CKR_PIN_EXPIRED)
		return imp_fail(err, IMP_EKEY, "%s: its PIN has expired", t->name);
	if (rv == CKR_USER_PIN_NOT_INITIALIZED)
		return imp_fail(err, IMP_EKEY, "%s: it has no PIN yet", t->name);
	return module_failed(t->name, "logging in", rv, err);
}

CK_RV token_login_again(struct token *t, CK_SESSION_HANDLE s)
{
	CK_RV rv;

	if (!(t->flags & CKF_LOGIN_REQUIRED))
		return CKR_OK;
	rv = t->f->C_Login(s, CKU_USER, t->pin.ptr, t->pin.len);
	return rv == CKR_USER_ALREADY_LOGGED_IN ? CKR_OK : rv;
}

/* Of pin-source: a file, as private as a key. */
static int read_pin(struct token *t, struct imp_error *err)
{
	const char *path = t->uri.value[IMP_PKCS11_PIN_SOURCE].text;
	int rc;

	path += strncmp(path, "file:", 5) == 0 ? 5 : 0;
	path += strncmp(path, "///", 3) == 0 ? 2 : 0;
	rc = imp_file_read_private(path, PIN_FILE_MAX, &t->pin, err);
	while (!rc && t->pin.len > 0 && strchr("\r\n", t->pin.ptr[t->pin.len - 1]))
		t->pin.len--;
	return rc;
}

static int ask(struct token *t, const struct imp_pass *pass, unsigned attempt,
	       struct imp_error *err)
{
	const struct imp_asked asked = { "PIN", t->name, tries_left(t), attempt };

	if (t->flags & CKF_USER_PIN_LOCKED)
		return locked(t, err);
	if ((t->flags & CKF_USER_PIN_FINAL_TRY) && !(pass && pass->attended))
		return imp_hint(err,
				imp_fail(err, IMP_EKEY,
					 "%s: one try is left before its PIN locks: not "
					 "spent without a person",
					 t->name),
				"imprint key at a terminal asks for the PIN; a right one "
				"gives all tries back");
	if (t->uri.value[IMP_PKCS11_PIN_SOURCE].given)
		return read_pin(t, err);
	if (!pass)
		return imp_fail(err, IMP_EKEY, "%s: needs a PIN", t->name);
	return pass->ask(pass->ctx, &asked, &t->pin, err);
}

int token_login(struct token *t, CK_SESSION_HANDLE s, const struct imp_pass *pass,
		struct imp_error *err)
{
	bool own = t->flags & CKF_PROTECTED_AUTHENTICATION_PATH; /* a pad of its own */
	bool again = pass && pass->attended && !t->uri.value[IMP_PKCS11_PIN_SOURCE].given;
	CK_RV rv = CKR_OK;
	int rc = 0;

	if (!(t->flags & CKF_LOGIN_REQUIRED))
		return 0;
	for (unsigned i = 0; i < TRIES; i++) {
		rc = own ? 0 : ask(t, pass, i, err);
		if (rc)
			return rc;
		rv = token_login_again(t, s);
		if (rv == CKR_OK)
			return 0;
		rc = token_login_failed(t, rv, err);
		if (!again || rv != CKR_PIN_INCORRECT)
			return rc;
	}
	return rc;
}
