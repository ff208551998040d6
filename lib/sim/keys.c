/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a simulated device. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "base/wipe.h"
#include "sim/keys.h"

void sim_keys_wipe(struct sim_keys *k)
{
	imp_wipe(k, sizeof(*k));
}

/* No fsync: what a crash of the host spoils is a test device. */
static int save(const struct sim_keys *k, const char *path, struct imp_error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok = fd >= 0 &&
		  write(fd, k->signing, sizeof(k->signing)) == sizeof(k->signing) &&
		  write(fd, k->sealing, sizeof(k->sealing)) == sizeof(k->sealing);

	if (!ok)
		imp_fail(err, IMP_ERESOURCE, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return ok ? 0 : -IMP_ERESOURCE;
}

static int make(struct sim_keys *k, struct imp_crypto *crypto, const char *path,
		struct imp_error *err)
{
	if (imp_soft_make(crypto, IMP_CRV_P256, k->signing, &k->signing_pub) ||
	    imp_soft_make(crypto, IMP_CRV_P256, k->sealing, &k->sealing_pub))
		return imp_fail(err, IMP_EINTERNAL, "making a key failed");
	return save(k, path, err);
}

static int load(struct sim_keys *k, struct imp_crypto *crypto, const char *path,
		struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret both = { 0 };
	int rc = imp_file_read_private(path, sizeof(k->signing) + sizeof(k->sealing),
				       &both, err);

	if (rc)
		return rc;
	if (both.len != sizeof(k->signing) + sizeof(k->sealing))
		return imp_fail(err, IMP_EKEY, "%s: has %zu byte%s, expected 64", path,
				both.len, imp_plural(both.len));
	memcpy(k->signing, both.ptr, sizeof(k->signing));
	memcpy(k->sealing, both.ptr + sizeof(k->signing), sizeof(k->sealing));
	if (imp_soft_pub(crypto, IMP_CRV_P256, k->signing, &k->signing_pub) ||
	    imp_soft_pub(crypto, IMP_CRV_P256, k->sealing, &k->sealing_pub))
		return imp_fail(err, IMP_EKEY, "%s: is no pair of private keys", path);
	return 0;
}

int sim_keys_open(struct sim_keys *k, struct imp_crypto *crypto, const char *path,
		  struct imp_error *err)
{
	int rc = access(path, F_OK) != 0 && errno == ENOENT ? make(k, crypto, path, err)
							    : load(k, crypto, path, err);

	if (rc)
		sim_keys_wipe(k);
	return rc;
}
