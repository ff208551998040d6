/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PKCS#11 module that fails as it is told, in front of one that works.
 *
 * HSM_REAL is the module behind it. HSM_PLAN is a list of CALL:N:ACTION:VALUE with commas
 * between; CALL is sign, login, session or slots, N counts the calls from 1, VALUE is
 * hexadecimal:
 *
 *   fail   the call answers VALUE and does nothing
 *   lose   before that, all sessions of the token are closed
 *   gone   before that, too, and the token stays away for good
 *   away   before that, too, and the token stays away for the next 3 looks
 *   swap   as lose; afterwards every name that is looked for is HSM_OTHER
 *   flip   the call is done, one bit of the signature is another (VALUE: which byte)
 *   short  the call is done, the signature is VALUE bytes long
 *
 * HSM_FLAGS are set in every token's flags, HSM_SESSIONS is how many may be open at a
 * time, HSM_LOOSE makes keys that can be taken out, with HSM_NOSIGN none signs;
 * HSM_SLOW is how many milliseconds a signature takes. HSM_LOG
 * gets a line a call.
 */
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { AWAY_LOOKS = 3 };

struct act {
	char what[16];
	CK_RV value;
};

static CK_FUNCTION_LIST *real, shown;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned counts[4], away;
static int gone, swapped;
static long opened;
static CK_SLOT_ID last_slot;
static const char *const calls[] = { "sign", "login", "session", "slots" };

/* The n-th call of this kind: what the plan has for it. */
static int planned(int kind, struct act *out)
{
	const char *log = getenv("HSM_LOG"), *at = getenv("HSM_PLAN");
	FILE *f = log ? fopen(log, "a") : NULL;
	unsigned n = ++counts[kind];

	if (f) {
		fprintf(f, "%s\n", calls[kind]);
		fclose(f);
	}
	while (at && *at) {
		char call[16];
		unsigned number;

		if (sscanf(at, "%15[^:]:%u:%15[^:]:%lx", call, &number, out->what,
			   &out->value) == 4 &&
		    strcmp(call, calls[kind]) == 0 && number == n)
			return 1;
		at += strcspn(at, ",");
		at += *at == ',';
	}
	return 0;
}

/* All that ends in a failure; 0: the call is to be done. */
static CK_RV act(int kind, struct act *a)
{
	if (!planned(kind, a)) {
		a->what[0] = '\0';
		return gone ? CKR_DEVICE_REMOVED : CKR_OK;
	}
	if (strcmp(a->what, "flip") == 0 || strcmp(a->what, "short") == 0)
		return CKR_OK;
	if (strcmp(a->what, "fail") != 0) {
		real->C_CloseAllSessions(last_slot);
		opened = 0;
	}
	gone |= strcmp(a->what, "gone") == 0;
	swapped |= strcmp(a->what, "swap") == 0;
	if (strcmp(a->what, "away") == 0)
		away = AWAY_LOOKS;
	return a->value;
}

static CK_RV sign(CK_SESSION_HANDLE s, CK_BYTE *data, CK_ULONG len, CK_BYTE *sig,
		  CK_ULONG *sig_len)
{
	const char *ms = getenv("HSM_SLOW");
	const struct timespec pause = { .tv_nsec =
						ms ? strtol(ms, NULL, 10) * 1000000 : 0 };
	struct act a;
	CK_RV rv;

	nanosleep(&pause, NULL);
	pthread_mutex_lock(&lock);
	rv = act(0, &a);
	if (rv == CKR_OK)
		rv = real->C_Sign(s, data, len, sig, sig_len);
	if (rv == CKR_OK && strcmp(a.what, "flip") == 0)
		sig[a.value] ^= 1;
	if (rv == CKR_OK && strcmp(a.what, "short") == 0)
		*sig_len = a.value;
	pthread_mutex_unlock(&lock);
	return rv;
}

static CK_RV sign_init(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	CK_RV rv;

	pthread_mutex_lock(&lock);
	rv = real->C_SignInit(s, m, key);
	pthread_mutex_unlock(&lock);
	return rv;
}

static CK_RV login(CK_SESSION_HANDLE s, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG len)
{
	struct act a;
	CK_RV rv;

	pthread_mutex_lock(&lock);
	rv = act(1, &a);
	if (rv == CKR_OK)
		rv = real->C_Login(s, user, pin, len);
	pthread_mutex_unlock(&lock);
	return rv;
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *app, CK_NOTIFY notify,
			  CK_SESSION_HANDLE *out)
{
	const char *most = getenv("HSM_SESSIONS");
	struct act a;
	CK_RV rv;

	pthread_mutex_lock(&lock);
	last_slot = slot;
	rv = act(2, &a);
	if (rv == CKR_OK && most && opened >= strtol(most, NULL, 10))
		rv = CKR_SESSION_COUNT;
	if (rv == CKR_OK)
		rv = real->C_OpenSession(slot, flags, app, notify, out);
	opened += rv == CKR_OK;
	pthread_mutex_unlock(&lock);
	return rv;
}

static CK_RV close_session(CK_SESSION_HANDLE s)
{
	CK_RV rv;

	pthread_mutex_lock(&lock);
	rv = real->C_CloseSession(s);
	opened -= rv == CKR_OK;
	pthread_mutex_unlock(&lock);
	return rv;
}

static CK_RV close_all(CK_SLOT_ID slot)
{
	CK_RV rv;

	pthread_mutex_lock(&lock);
	rv = real->C_CloseAllSessions(slot);
	opened = 0;
	pthread_mutex_unlock(&lock);
	return rv;
}

static CK_RV slots(CK_BBOOL present, CK_SLOT_ID *list, CK_ULONG *count)
{
	struct act a;
	CK_RV rv;

	pthread_mutex_lock(&lock);
	rv = list ? CKR_OK : act(3, &a);
	if (gone || away > 0) {
		away -= away > 0 && list;
		*count = 0;
		rv = CKR_OK;
	} else if (rv == CKR_OK) {
		rv = real->C_GetSlotList(present, list, count);
	}
	pthread_mutex_unlock(&lock);
	return rv;
}

static CK_RV token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	const char *more = getenv("HSM_FLAGS");
	CK_RV rv = real->C_GetTokenInfo(slot, info);

	if (rv == CKR_OK && more)
		info->flags |= strtoul(more, NULL, 16);
	return rv;
}

static CK_RV find_init(CK_SESSION_HANDLE s, CK_ATTRIBUTE *template, CK_ULONG count)
{
	char *other = getenv("HSM_OTHER");

	for (CK_ULONG i = 0; swapped && other && i < count; i++)
		if (template[i].type == CKA_LABEL) {
			template[i].pValue = other;
			template[i].ulValueLen = strlen(other);
		}
	return real->C_FindObjectsInit(s, template, count);
}

static CK_RV generate(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_ATTRIBUTE *public,
		      CK_ULONG publics, CK_ATTRIBUTE *private, CK_ULONG privates,
		      CK_OBJECT_HANDLE *p, CK_OBJECT_HANDLE *q)
{
	CK_BBOOL yes = CK_TRUE;

	for (CK_ULONG i = 0; getenv("HSM_LOOSE") && i < privates; i++)
		if (private[i].type == CKA_EXTRACTABLE)
	private[i].pValue = &yes;
	return real->C_GenerateKeyPair(s, m, public, publics, private, privates, p, q);
}

static CK_RV attributes(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE h, CK_ATTRIBUTE *a,
			CK_ULONG count)
{
	CK_RV rv = real->C_GetAttributeValue(s, h, a, count);

	for (CK_ULONG i = 0; getenv("HSM_NOSIGN") && i < count; i++)
		if (a[i].type == CKA_SIGN && a[i].pValue)
			*(CK_BBOOL *)a[i].pValue = CK_FALSE;
	return rv;
}

__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST **out)
{
	const char *path = getenv("HSM_REAL");
	void *lib = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
	void *at = lib ? dlsym(lib, "C_GetFunctionList") : NULL;
	CK_C_GetFunctionList get;

	memcpy(&get, &at, sizeof(get));
	if (!at || get(&real) != CKR_OK)
		return CKR_GENERAL_ERROR;
	shown = *real;
	shown.C_Sign = sign;
	shown.C_SignInit = sign_init;
	shown.C_Login = login;
	shown.C_OpenSession = open_session;
	shown.C_CloseSession = close_session;
	shown.C_CloseAllSessions = close_all;
	shown.C_GetSlotList = slots;
	shown.C_GetTokenInfo = token_info;
	shown.C_FindObjectsInit = find_init;
	shown.C_GetAttributeValue = attributes;
	shown.C_GenerateKeyPair = generate;
	*out = &shown;
	return CKR_OK;
}
