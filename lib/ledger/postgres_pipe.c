/* SPDX-License-Identifier: Apache-2.0 */
/* The pipeline to a PostgreSQL server: statements are sent on, outcomes are read later.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "ledger/postgres.h"

enum { PARAMS_MAX = 4 };

bool imp_pg_connected(const struct imp_postgres *p)
{
	return p->conn && p->pq.PQstatus(p->conn) == CONNECTION_OK;
}

/* The first line of what libpq says. */
int imp_pg_said(struct imp_postgres *p, enum imp_code code, const char *says,
		struct imp_error *err)
{
	return imp_fail(err, code, "%s: %.*s", p->db.shown, (int)strcspn(says, "\n"),
			says);
}

int imp_pg_lost(struct imp_postgres *p, struct imp_error *err)
{
	p->db.again = true;
	return imp_pg_said(p, IMP_ELEDGER, p->pq.PQerrorMessage(p->conn), err);
}

struct state {
	const char *class; /* the first characters of a SQLSTATE */
	enum imp_code code;
	bool again;
	const char *says; /* NULL: what the server says */
	const char *hint; /* or NULL */
};

/* Source: PostgreSQL documentation, appendix A. */
static const struct state states[] = {
	{ "40001", IMP_ELEDGER, true, NULL, NULL },
	{ "40P01", IMP_ELEDGER, true, NULL, NULL },
	{ "57P", IMP_ELEDGER, true, NULL, NULL },
	{ "08", IMP_ELEDGER, true, NULL, NULL },
	{ "25P03", IMP_ELEDGER, true, NULL, NULL },
	{ "53", IMP_ERESOURCE, false, NULL, NULL },
	{ "58", IMP_ERESOURCE, false, NULL, NULL },
	{ "57014", IMP_EINTERRUPTED, false, NULL, NULL },
	{ "55P03", IMP_ELEDGER, false, "is locked by another station for 10 seconds",
	  NULL },
	{ "42501", IMP_ELEDGER, false, NULL,
	  "imprint-ledger(5) has what a station and an auditor must be granted" },
	{ "3F000", IMP_ELEDGER, false, NULL,
	  "make a schema that this role owns, and name it in its search_path: "
	  "imprint-ledger(5)" },
};

int imp_pg_refused(struct imp_postgres *p, const PGresult *result, struct imp_error *err)
{
	const char *state = p->pq.PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *says = p->pq.PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	int rc;

	p->failed = true;
	for (size_t i = 0; state && i < COUNTOF(states); i++) {
		const struct state *s = &states[i];

		if (strncmp(state, s->class, strlen(s->class)) != 0)
			continue;
		p->db.again |= s->again;
		rc = imp_pg_said(p, s->code,
				 s->says ? s->says
				 : says	 ? says
					 : state,
				 err);
		return s->hint ? imp_hint(err, rc, "%s", s->hint) : rc;
	}
	if (!imp_pg_connected(p))
		return imp_pg_lost(p, err);
	return imp_pg_said(p, IMP_ELEDGER, says ? says : "failed", err);
}

/* The next result of the pipeline; *out may be NULL: the end of a statement's. */
static int next_result(struct imp_postgres *p, PGresult **out, struct imp_error *err)
{
	while (p->pq.PQisBusy(p->conn)) {
		struct pollfd fd[2] = { { p->pq.PQsocket(p->conn), POLLIN, 0 },
					{ p->db.cancel_fd, POLLIN, 0 } };

		if (poll(fd, 2, -1) > 0 && fd[1].revents) {
			imp_postgres_disconnect(p);
			return imp_fail(err, IMP_EINTERRUPTED, "%s: interrupted",
					p->db.shown);
		}
		if (!p->pq.PQconsumeInput(p->conn))
			return imp_pg_lost(p, err);
	}
	*out = p->pq.PQgetResult(p->conn);
	return 0;
}

void imp_pg_clear(struct imp_postgres *p)
{
	if (p->result)
		p->pq.PQclear(p->result);
	p->result = NULL;
}

/* Read one statement's outcome to its end; the first error and the last rows are kept. */
static int read_outcome(struct imp_postgres *p, struct imp_error *err)
{
	PGresult *result = NULL;
	int rc, bad = 0;

	while ((rc = next_result(p, &result, err)) == 0 && result) {
		ExecStatusType status = p->pq.PQresultStatus(result);

		if (status == PGRES_FATAL_ERROR && !bad)
			bad = imp_pg_refused(p, result, err);
		else if (status == PGRES_PIPELINE_ABORTED && !bad)
			bad = -IMP_ELEDGER;
		if (status == PGRES_COMMAND_OK)
			snprintf(p->tag, sizeof(p->tag), "%s", p->pq.PQcmdStatus(result));
		if (status == PGRES_TUPLES_OK) {
			imp_pg_clear(p);
			p->result = result;
			p->at = 0;
		} else {
			p->pq.PQclear(result);
		}
		if (status == PGRES_PIPELINE_SYNC) {
			p->synced = true;
			break;
		}
	}
	return rc ? rc : bad;
}

/* Read all that is outstanding, up to the mark that sync() set. */
static int read_up(struct imp_postgres *p, struct imp_error *err)
{
	struct imp_error first;
	int rc = 0;

	for (; p->unread > 0 && imp_pg_connected(p); p->unread--) {
		struct imp_error *why = rc ? &first : err;
		int bad = read_outcome(p, why);

		rc = rc ? rc : bad;
	}
	p->unread = 0;
	return rc;
}

static int sync_mark(struct imp_postgres *p, struct imp_error *err)
{
	p->synced = false;
	return p->pq.PQpipelineSync(p->conn) ? 0 : imp_pg_lost(p, err);
}

static int read_mark(struct imp_postgres *p, struct imp_error *err)
{
	struct imp_error ignored;
	int rc = 0;

	while (!p->synced && imp_pg_connected(p)) {
		int bad = read_outcome(p, rc ? &ignored : err);

		rc = rc ? rc : bad;
	}
	return rc || p->synced ? rc : imp_pg_lost(p, err);
}

/* Send a mark, read everything. */
int imp_pg_settle(struct imp_postgres *p, struct imp_error *err)
{
	struct imp_error ignored;
	int rc = imp_pg_connected(p) ? sync_mark(p, err) : imp_pg_lost(p, err);
	int end;

	if (rc)
		return rc;
	rc = read_up(p, err);
	end = imp_pg_connected(p) ? read_mark(p, rc ? &ignored : err) : 0;
	return rc ? rc : end;
}

static int note_sent(struct imp_postgres *p, int sent, struct imp_error *err)
{
	if (!sent)
		return imp_pg_lost(p, err);
	p->unread++;
	return p->unread < IMP_PG_UNREAD ? 0 : imp_pg_settle(p, err);
}

int imp_pg_send_text(struct imp_postgres *p, const char *text, struct imp_error *err)
{
	if (!imp_pg_connected(p))
		return imp_pg_lost(p, err);
	return note_sent(
		p, p->pq.PQsendQueryParams(p->conn, text, 0, NULL, NULL, NULL, NULL, 0),
		err);
}

struct packed {
	const char *ptr[PARAMS_MAX];
	int len[PARAMS_MAX], format[PARAMS_MAX];
	uint8_t number[PARAMS_MAX][8];
};

static void pack(const struct imp_value *v, size_t count, struct packed *out)
{
	for (size_t i = 0; i < count; i++) {
		struct imp_writer w = imp_writer(out->number[i], 8);
		struct imp_span s = v[i].bytes;

		if (v[i].type == IMP_V_INT) {
			imp_put_u64be(&w, (uint64_t)v[i].n);
			s = imp_written(&w);
		}
		out->ptr[i] = s.ptr ? (const char *)s.ptr : "";
		if (v[i].type == IMP_V_NULL)
			out->ptr[i] = NULL;
		out->len[i] = (int)s.len;
		out->format[i] = 1;
	}
}

int imp_pg_send(struct imp_postgres *p, enum imp_sql sql, const struct imp_value *param,
		size_t params, struct imp_error *err)
{
	struct packed v;
	char name[16];
	int rc = 0;

	if (!imp_pg_connected(p))
		return imp_pg_lost(p, err);
	snprintf(name, sizeof(name), "s%d", (int)sql);
	if (!p->prepared[sql])
		rc = note_sent(p,
			       p->pq.PQsendPrepare(p->conn, name, imp_sql[sql], 0, NULL),
			       err);
	if (rc)
		return rc;
	p->prepared[sql] = true;
	pack(param, params, &v);
	return note_sent(p,
			 p->pq.PQsendQueryPrepared(p->conn, name, (int)params, v.ptr,
						   v.len, v.format, 1),
			 err);
}
