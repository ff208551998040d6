/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a SQLite file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/sqlite.h"

/* A regular file of the right kind, made with the mode that its log takes over. */
static int check_file(const char *path, bool create, bool *writable,
		      struct imp_error *err)
{
	int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
	int fd = open(path, flags | (create ? O_CREAT : 0), 0600);
	struct stat st;
	int rc = 0;

	*writable = fd >= 0;
	if (fd < 0 && (errno == EACCES || errno == EROFS) && !create)
		fd = open(path,
			  O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT && create)
		return imp_fail(err, IMP_EUSAGE, "%s: its folder is not there", path);
	if (fd < 0 && errno == ENOENT) {
		rc = imp_fail(err, IMP_ELEDGER, "%s: there is no ledger", path);
		return imp_hint(err, rc, "imprint ledger init makes one");
	}
	if (fd < 0 && errno == ELOOP)
		return imp_fail(err, IMP_ELEDGER,
				"%s: is a symbolic link, expected the ledger itself",
				path);
	if (fd < 0 || fstat(fd, &st) != 0)
		rc = imp_fail(err, IMP_ELEDGER, "%s: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		rc = imp_fail(err, IMP_ELEDGER, "%s: is not a regular file", path);
	else if (st.st_mode & S_IWOTH)
		rc = imp_fail(err, IMP_ELEDGER, "%s: everybody may write it", path);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Where nothing can be written beside it, the file alone must hold everything. */
static bool stands_alone(const char *path)
{
	char log[4096];
	struct stat st;

	snprintf(log, sizeof(log), "%s-wal", path);
	return stat(log, &st) != 0 || st.st_size == 0;
}

static int connect_file(struct imp_sqlite *s, bool writable, struct imp_error *err)
{
	int rc = SQLITE_OK;
	char *uri;

	if (writable) {
		rc = s->lib.open_v2(s->path, &s->conn,
				    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
		return rc == SQLITE_OK ? 0 : imp_sqlite_failed(s, rc, err);
	}
	if (!stands_alone(s->path)) {
		rc = imp_fail(err, IMP_ELEDGER,
			      "%s: cannot be written, and its -wal file is not empty",
			      s->path);
		return imp_hint(err, rc,
				"copy both to a folder that can be written, and read "
				"them there");
	}
	uri = s->lib.mprintf("file:%s?immutable=1", s->path);
	rc = !uri ? SQLITE_NOMEM
	     : strpbrk(s->path, "?#%")
		     ? SQLITE_CANTOPEN
		     : s->lib.open_v2(uri, &s->conn,
				      SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX |
					      SQLITE_OPEN_URI,
				      NULL);
	s->lib.free(uri);
	return rc == SQLITE_OK ? 0 : imp_sqlite_failed(s, rc, err);
}

/* Source: sqlite.org/security.html, sqlite.org/pragma.html. */
static int set_up(struct imp_sqlite *s, bool writable, struct imp_error *err)
{
	static const char always[] =
		"PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
		"PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;";
	static const char writing[] = "PRAGMA secure_delete=ON; PRAGMA journal_mode=WAL;"
				      "PRAGMA synchronous=FULL;";
	int rc;

	s->lib.extended_result_codes(s->conn, 1);
	s->lib.busy_handler(s->conn, imp_sqlite_busy, s);
	s->lib.db_config(s->conn, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	s->lib.db_config(s->conn, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	s->lib.db_config(s->conn, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	rc = s->db.ops->script(&s->db, always, err);
	return rc || !writable ? rc : s->db.ops->script(&s->db, writing, err);
}

int imp_sqlite_open(const char *path, bool create, struct imp_db **out,
		    struct imp_error *err)
{
	CLEANUP(imp_db_close) struct imp_db *db = NULL;
	struct imp_libsqlite lib;
	struct imp_sqlite *s;
	bool writable;
	int rc = check_file(path, create, &writable, err);

	if (!rc)
		rc = imp_libsqlite_load(&lib, err);
	if (rc)
		return rc;
	s = calloc(1, sizeof(*s));
	if (!s)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	s->lib = lib;
	db = &s->db;
	imp_db_init(db, &imp_sqlite_ops);
	s->path = strdup(path);
	s->db.shown = strdup(path);
	rc = s->path && s->db.shown ? connect_file(s, writable, err)
				    : imp_fail(err, IMP_ERESOURCE, "out of memory");
	if (!rc)
		rc = set_up(s, writable, err);
	if (!rc)
		*out = STEAL(db);
	return rc;
}
