/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting to PostgreSQL. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/postgres.h"

enum { OPTIONS_MAX = 64 };

struct options {
	const char *key[OPTIONS_MAX], *value[OPTIONS_MAX];
	size_t count;
};

static const char *get(const struct options *o, const char *key)
{
	for (size_t i = 0; i < o->count; i++)
		if (strcmp(o->key[i], key) == 0)
			return o->value[i];
	return NULL;
}

static void set(struct options *o, const char *key, const char *value)
{
	if (o->count < OPTIONS_MAX - 1 && !get(o, key)) {
		o->key[o->count] = key;
		o->value[o->count++] = value;
	}
}

struct parsed {
	struct imp_libpq *pq;
	PQconninfoOption *list;
};

static void parsed_free(struct parsed *p)
{
	if (p->list)
		p->pq->PQconninfoFree(p->list);
}

/* What stands in the URL; it may hold a password, so nothing of it is repeated. */
static int parse(struct imp_postgres *p, struct parsed *out, struct options *o,
		 struct imp_error *err)
{
	char *why = NULL;
	int rc = 0;

	out->pq = &p->pq;
	out->list = p->pq.PQconninfoParse(p->url, &why);
	p->pq.PQfreemem(why);
	if (!out->list)
		return imp_fail(err, IMP_EUSAGE,
				"the ledger is no postgresql:// URL that libpq takes");
	for (const PQconninfoOption *i = out->list; i->keyword; i++)
		if (i->val)
			set(o, i->keyword, i->val);
	if (get(o, "password")) {
		rc = imp_fail(err, IMP_EUSAGE,
			      "the ledger's URL holds a password, which others can see");
		imp_hint(err, rc,
			 "put it into ~/.pgpass (mode 0600), or use a "
			 "certificate");
	}
	return rc;
}

static char *shown(const struct options *o)
{
	const char *host = get(o, "host"), *port = get(o, "port");
	const char *db = get(o, "dbname");
	char *out = NULL;

	if (asprintf(&out, "postgresql://%s%s%s/%s", host ? host : "", port ? ":" : "",
		     port ? port : "", db ? db : "") < 0)
		return NULL;
	return out;
}

/* Libraries print nothing. */
static void no_notice(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

/* Whose tables are meant is settled once; nobody waits or is waited for longer than this;
 * a commit is on disk when it is answered. */
static const char session[] =
	"SELECT pg_catalog.set_config('search_path', pg_catalog.quote_ident("
	"pg_catalog.current_schema()) || ', pg_temp', false),"
	" pg_catalog.set_config('lock_timeout', '10s', false),"
	" pg_catalog.set_config('idle_in_transaction_session_timeout', '60s', false),"
	" pg_catalog.set_config('synchronous_commit', CASE pg_catalog.current_setting("
	"'synchronous_commit') WHEN 'off' THEN 'on' ELSE pg_catalog.current_setting("
	"'synchronous_commit') END, false)";

static int start_session(struct imp_postgres *p, struct imp_error *err)
{
	PGresult *r = p->pq.PQexec(p->conn, session);
	bool good = p->pq.PQresultStatus(r) == PGRES_TUPLES_OK &&
		    !p->pq.PQgetisnull(r, 0, 0) && p->pq.PQenterPipelineMode(p->conn);

	p->pq.PQclear(r);
	return good ? 0
		    : imp_fail(err, IMP_ELEDGER,
			       "%s: the session cannot be set up: is there a schema?",
			       p->db.shown);
}

static int connect_with(struct imp_postgres *p, struct options *o, struct imp_error *err)
{
	const char *says;
	int rc;

	o->key[o->count] = NULL;
	p->conn = p->pq.PQconnectdbParams(o->key, o->value, 0);
	if (!p->conn)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	p->pq.PQsetNoticeProcessor(p->conn, no_notice, NULL);
	if (p->pq.PQstatus(p->conn) == CONNECTION_OK)
		return start_session(p, err);
	p->db.again = true;
	says = p->pq.PQerrorMessage(p->conn);
	rc = imp_fail(err, IMP_ELEDGER, "%s: %.*s", p->db.shown, (int)strcspn(says, "\n"),
		      says);
	if (strstr(says, "root certificate"))
		imp_hint(err, rc,
			 "the server must prove who it is: ~/.postgresql/root.crt, or "
			 "?sslrootcert=FILE in the URL");
	return rc;
}

int imp_postgres_connect(struct imp_postgres *p, struct imp_error *err)
{
	CLEANUP(parsed_free) struct parsed list = { 0 };
	struct options o = { 0 };
	int rc = parse(p, &list, &o, err);

	if (rc)
		return rc;
	if (!get(&o, "service") && !getenv("PGSERVICE") && !getenv("PGSSLMODE"))
		set(&o, "sslmode", "verify-full"); /* libpq's default is "prefer" */
	set(&o, "connect_timeout", "10");
	set(&o, "tcp_user_timeout", "15000");
	set(&o, "client_encoding", "UTF8");
	set(&o, "application_name", "imprint");
	if (!p->db.shown)
		p->db.shown = shown(&o);
	if (!p->db.shown)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	imp_postgres_disconnect(p);
	rc = connect_with(p, &o, err);
	if (rc)
		imp_postgres_disconnect(p);
	return rc;
}

int imp_postgres_open(const char *url, struct imp_db **out, struct imp_error *err)
{
	CLEANUP(imp_db_close) struct imp_db *db = NULL;
	struct imp_postgres *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	db = &p->db;
	imp_db_init(db, &imp_postgres_ops);
	p->url = strdup(url);
	rc = p->url ? imp_libpq_load(&p->pq, err)
		    : imp_fail(err, IMP_ERESOURCE, "out of memory");
	if (!rc)
		rc = imp_postgres_connect(p, err);
	if (!rc)
		*out = STEAL(db);
	return rc;
}
