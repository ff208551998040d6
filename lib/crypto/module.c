/* SPDX-License-Identifier: Apache-2.0 */
/* PKCS#11 modules. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "crypto/module.h"

enum { CONFIG_MAX = 4096, PATH_LEN = 512 };

static const struct word {
	CK_RV rv;
	const char *name;
	bool lost;
} words[] = {
	{ CKR_HOST_MEMORY, "CKR_HOST_MEMORY", false },
	{ CKR_SLOT_ID_INVALID, "CKR_SLOT_ID_INVALID", true },
	{ CKR_GENERAL_ERROR, "CKR_GENERAL_ERROR", true },
	{ CKR_FUNCTION_FAILED, "CKR_FUNCTION_FAILED", true },
	{ CKR_ARGUMENTS_BAD, "CKR_ARGUMENTS_BAD", false },
	{ CKR_ATTRIBUTE_TYPE_INVALID, "CKR_ATTRIBUTE_TYPE_INVALID", false },
	{ CKR_ATTRIBUTE_VALUE_INVALID, "CKR_ATTRIBUTE_VALUE_INVALID", false },
	{ CKR_DATA_LEN_RANGE, "CKR_DATA_LEN_RANGE", false },
	{ CKR_DEVICE_ERROR, "CKR_DEVICE_ERROR", true },
	{ CKR_DEVICE_MEMORY, "CKR_DEVICE_MEMORY", false },
	{ CKR_DEVICE_REMOVED, "CKR_DEVICE_REMOVED", true },
	{ CKR_FUNCTION_NOT_SUPPORTED, "CKR_FUNCTION_NOT_SUPPORTED", false },
	{ CKR_KEY_HANDLE_INVALID, "CKR_KEY_HANDLE_INVALID", true },
	{ CKR_KEY_FUNCTION_NOT_PERMITTED, "CKR_KEY_FUNCTION_NOT_PERMITTED", false },
	{ CKR_MECHANISM_INVALID, "CKR_MECHANISM_INVALID", false },
	{ CKR_MECHANISM_PARAM_INVALID, "CKR_MECHANISM_PARAM_INVALID", false },
	{ CKR_OBJECT_HANDLE_INVALID, "CKR_OBJECT_HANDLE_INVALID", true },
	{ CKR_OPERATION_ACTIVE, "CKR_OPERATION_ACTIVE", true },
	{ CKR_OPERATION_NOT_INITIALIZED, "CKR_OPERATION_NOT_INITIALIZED", true },
	{ CKR_PIN_INCORRECT, "CKR_PIN_INCORRECT", false },
	{ CKR_PIN_INVALID, "CKR_PIN_INVALID", false },
	{ CKR_PIN_LEN_RANGE, "CKR_PIN_LEN_RANGE", false },
	{ CKR_PIN_EXPIRED, "CKR_PIN_EXPIRED", false },
	{ CKR_PIN_LOCKED, "CKR_PIN_LOCKED", false },
	{ CKR_SESSION_CLOSED, "CKR_SESSION_CLOSED", true },
	{ CKR_SESSION_COUNT, "CKR_SESSION_COUNT", false },
	{ CKR_SESSION_HANDLE_INVALID, "CKR_SESSION_HANDLE_INVALID", true },
	{ CKR_SESSION_READ_ONLY, "CKR_SESSION_READ_ONLY", false },
	{ CKR_TEMPLATE_INCONSISTENT, "CKR_TEMPLATE_INCONSISTENT", false },
	{ CKR_TOKEN_NOT_PRESENT, "CKR_TOKEN_NOT_PRESENT", true },
	{ CKR_TOKEN_NOT_RECOGNIZED, "CKR_TOKEN_NOT_RECOGNIZED", true },
	{ CKR_TOKEN_WRITE_PROTECTED, "CKR_TOKEN_WRITE_PROTECTED", false },
	{ CKR_USER_NOT_LOGGED_IN, "CKR_USER_NOT_LOGGED_IN", true },
	{ CKR_USER_PIN_NOT_INITIALIZED, "CKR_USER_PIN_NOT_INITIALIZED", false },
	{ CKR_USER_TYPE_INVALID, "CKR_USER_TYPE_INVALID", false },
	{ CKR_CRYPTOKI_NOT_INITIALIZED, "CKR_CRYPTOKI_NOT_INITIALIZED", true },
};

static const struct word *word_of(CK_RV rv)
{
	for (size_t i = 0; i < COUNTOF(words); i++)
		if (words[i].rv == rv)
			return &words[i];
	return NULL;
}

/* "CKR_DEVICE_REMOVED", or "CKR 0x..." in `out`. */
static const char *says(CK_RV rv, char out[32])
{
	const struct word *w = word_of(rv);

	snprintf(out, 32, "%s", w ? w->name : "");
	if (!w)
		snprintf(out, 32, "CKR 0x%lx", rv);
	return out;
}

bool module_lost(CK_RV rv)
{
	const struct word *w = word_of(rv);

	return w && w->lost;
}

int module_failed(const char *name, const char *doing, CK_RV rv, struct imp_error *err)
{
	char said[32];

	return imp_fail(err, rv == CKR_HOST_MEMORY ? IMP_ERESOURCE : IMP_EKEY,
			"%s: %s: the module answers %s", name, doing, says(rv, said));
}

/* The value of "module: FILE" in a configuration of p11-kit. Source: pkcs11.conf(5). */
static bool module_line(struct imp_span text, char out[PATH_LEN])
{
	static const char key[] = "module:";

	while (text.len > 0) {
		const uint8_t *end = memchr(text.ptr, '\n', text.len);
		size_t n = end ? (size_t)(end - text.ptr) : text.len;
		const char *at = (const char *)text.ptr;

		if (n > strlen(key) && strncmp(at, key, strlen(key)) == 0) {
			size_t skip = strlen(key);

			while (skip < n && (at[skip] == ' ' || at[skip] == '\t'))
				skip++;
			while (n > skip && (at[n - 1] == ' ' || at[n - 1] == '\r'))
				n--;
			snprintf(out, PATH_LEN, "%s%.*s",
				 at[skip] == '/' ? "" : P11_MODULE_FOLDER "/",
				 (int)(n - skip), at + skip);
			return n > skip;
		}
		text.ptr += n + (end ? 1 : 0);
		text.len -= n + (end ? 1 : 0);
	}
	return false;
}

/* The administrator's configuration goes before the packages'. */
static int find_configured(const char *name, const char *module, char out[PATH_LEN],
			   struct imp_error *err)
{
	static const char *const folders[] = { "/etc/pkcs11/modules", P11_CONFIG_FOLDER };

	for (size_t i = 0; i < COUNTOF(folders); i++) {
		CLEANUP(imp_secret_fini) struct imp_secret text = { 0 };
		char path[PATH_LEN];

		snprintf(path, sizeof(path), "%s/%s.module", folders[i], module);
		if (imp_file_read(path, CONFIG_MAX, &text, NULL) == 0 &&
		    module_line(imp_secret_span(&text), out))
			return 0;
	}
	return imp_hint(err,
			imp_fail(err, IMP_EKEY,
				 "%s: no module of the name %s is configured in %s or %s",
				 name, module, folders[0], folders[1]),
			"module-path=/PATH names the file itself");
}

CK_RV module_start(const CK_FUNCTION_LIST *f)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };

	return f->C_Initialize(&args);
}

static int open_library(const char *name, const char *path, CK_C_GetFunctionList *out,
			struct imp_error *err)
{
	void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL), *at;

	if (!lib)
		return imp_fail(err, IMP_EKEY, "%s: the module cannot be loaded: %s",
				name, dlerror());
	at = dlsym(lib, "C_GetFunctionList");
	if (!at)
		return imp_fail(err, IMP_EKEY,
				"%s: %s is no PKCS#11 module: it has no "
				"C_GetFunctionList",
				name, path);
	memcpy(out, &at, sizeof(at));
	return 0;
}

int module_load(const char *name, const struct imp_pkcs11_uri *uri,
		const CK_FUNCTION_LIST **out, bool *started, struct imp_error *err)
{
	const struct imp_pkcs11_value *path = &uri->value[IMP_PKCS11_MODULE_PATH];
	const struct imp_pkcs11_value *module = &uri->value[IMP_PKCS11_MODULE_NAME];
	char file[PATH_LEN] = "libp11-kit.so.0"; /* which is the proxy */
	CK_C_GetFunctionList get = NULL;
	CK_FUNCTION_LIST *f = NULL;
	CK_RV rv;
	int rc = 0;

	if (path->given)
		snprintf(file, sizeof(file), "%s", path->text);
	if (module->given)
		rc = find_configured(name, module->text, file, err);
	if (!rc)
		rc = open_library(name, file, &get, err);
	if (rc && !path->given && !module->given)
		imp_hint(err, rc, "apt install libp11-kit0, or ?module-path=/PATH");
	if (rc)
		return rc;
	rv = get(&f);
	if (rv != CKR_OK || !f || f->version.major != 2)
		return imp_fail(err, IMP_EKEY, "%s: %s is no module of PKCS#11 2.x", name,
				file);
	rv = module_start(f);
	*started = rv == CKR_OK;
	if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED)
		return module_failed(name, "starting", rv, err);
	*out = f;
	return 0;
}
