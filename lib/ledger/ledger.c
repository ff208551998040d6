/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a ledger; transactions, of one thread or of several at once. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger/core.h"

enum { TRIES = 6, NAP_MS = 20 };

/* Work that waits for its transaction, on its caller's stack. */
struct imp_job {
	imp_ledger_work *work;
	void *ctx;
	struct imp_error err;
	int rc;
	bool done;
	struct imp_job *next;
};

const char *imp_ledger_name(const struct imp_ledger *l)
{
	return l->db->shown;
}

const char *imp_ledger_kept(const struct imp_ledger *l)
{
	return l->kept[0] ? l->kept : NULL;
}

static bool is_inside(const struct imp_ledger *l)
{
	return __atomic_load_n(&l->runner, __ATOMIC_RELAXED) ==
	       (unsigned long)pthread_self();
}

static void enter(struct imp_ledger *l, bool only_reads)
{
	l->only_reads = only_reads;
	__atomic_store_n(&l->runner, (unsigned long)pthread_self(), __ATOMIC_RELAXED);
}

static void leave(struct imp_ledger *l)
{
	l->verified = false;
	__atomic_store_n(&l->runner, 0, __ATOMIC_RELAXED);
}

static int statement(struct imp_ledger *l, enum imp_sql sql, struct imp_error *err)
{
	return l->db->ops->run(l->db, sql, IMP_WITHOUT, err);
}

/* One of several works in a transaction: what it wrote before it failed is taken back,
 * and what the others did stays. */
static int run_shared(struct imp_ledger *l, struct imp_job *job, struct imp_error *err)
{
	const struct imp_range edge = l->edge;
	const struct imp_hash last = l->last;
	const uint64_t added = l->added;
	const bool changed = l->changed, edge_loaded = l->edge_loaded;
	int rc = statement(l, IMP_SQL_SAVE, err);

	if (rc)
		return rc;
	job->rc = job->work(l, job->ctx, &job->err);
	if (l->db->again) {
		if (err)
			*err = job->err;
		return job->rc;
	}
	if (!job->rc)
		return statement(l, IMP_SQL_KEEP, err);
	l->edge = edge;
	l->last = last;
	l->added = added;
	l->changed = changed;
	l->edge_loaded = edge_loaded;
	rc = statement(l, IMP_SQL_BACK, NULL);
	if (!rc)
		rc = statement(l, IMP_SQL_KEEP, NULL);
	if (rc && err) /* then it was no refusal: the transaction is lost */
		*err = job->err;
	return rc ? job->rc : 0;
}

static int run_jobs(struct imp_ledger *l, struct imp_job *jobs, struct imp_error *err)
{
	int rc = 0;

	if (!jobs->next) {
		jobs->rc = jobs->work(l, jobs->ctx, &jobs->err);
		if (jobs->rc && err)
			*err = jobs->err;
		return jobs->rc;
	}
	for (struct imp_job *j = jobs; !rc && j; j = j->next)
		rc = run_shared(l, j, err);
	return rc;
}

static int finish(struct imp_ledger *l, struct imp_error *err)
{
	const struct imp_value last[2] = { IMP_INT(l->edge.size - 1),
					   IMP_BYTES(IMP_SPAN(l->last.byte)) };

	if (l->added == 0 && !l->changed) {
		l->db->ops->rollback(l->db);
		return 0;
	}
	return l->db->ops->commit(l->db, l->added > 0 ? last : NULL, err);
}

static int attempt(struct imp_ledger *l, struct imp_job *jobs, struct imp_error *err)
{
	int rc = l->db->ops->begin(l->db, IMP_DB_WRITE, err);

	if (rc)
		return rc;
	l->added = 0;
	l->changed = false;
	for (struct imp_job *j = jobs; j; j = j->next)
		j->rc = 0;
	l->edge_loaded = false;
	enter(l, false);
	rc = run_jobs(l, jobs, err);
	leave(l);
	if (!rc)
		rc = finish(l, err);
	if (rc) {
		l->db->ops->rollback(l->db);
		l->edge.size = 0; /* to be read anew */
	}
	return rc;
}

static void run_all(struct imp_ledger *l, struct imp_job *jobs)
{
	struct imp_error err = { 0 };
	int rc = 0;

	for (unsigned i = 0; i < TRIES; i++) {
		if (i > 0)
			nanosleep(&(struct timespec){ 0, i * NAP_MS * 1000000L }, NULL);
		rc = attempt(l, jobs, &err);
		if (!rc || !l->db->again)
			break;
	}
	for (struct imp_job *j = jobs; j; j = j->next) {
		if (rc && (!j->rc || l->db->again)) {
			j->rc = rc;
			j->err = err;
		}
	}
}

/* Whoever comes first writes what all have brought. */
static struct imp_job *take_queue(struct imp_ledger *l)
{
	struct imp_job *turned = NULL, *j;

	pthread_mutex_lock(&l->lock);
	j = l->queue;
	l->queue = NULL;
	pthread_mutex_unlock(&l->lock);
	while (j) {
		struct imp_job *next = j->next;

		j->next = turned;
		turned = j;
		j = next;
	}
	return turned;
}

static void mark_done(struct imp_job *jobs)
{
	while (jobs) {
		struct imp_job *next = jobs->next;

		jobs->done = true;
		jobs = next;
	}
}

int imp_ledger_do(struct imp_ledger *l, imp_ledger_work *work, void *ctx,
		  struct imp_error *err)
{
	struct imp_job job = { .work = work, .ctx = ctx };

	if (is_inside(l))
		return l->only_reads ? imp_fail(err, IMP_EINTERNAL,
						"writing within a work that reads")
				     : work(l, ctx, err);
	pthread_mutex_lock(&l->lock);
	job.next = l->queue;
	l->queue = &job;
	pthread_mutex_unlock(&l->lock);
	pthread_mutex_lock(&l->writing);
	if (!job.done) {
		struct imp_job *jobs = take_queue(l);

		run_all(l, jobs);
		mark_done(jobs);
	}
	pthread_mutex_unlock(&l->writing);
	if (job.rc && err)
		*err = job.err;
	return job.rc;
}

static int read_once(struct imp_ledger *l, imp_ledger_work *work, void *ctx,
		     struct imp_error *err)
{
	int rc = l->db->ops->begin(l->db, IMP_DB_READ, err);

	if (!rc) {
		enter(l, true);
		rc = work(l, ctx, err);
		leave(l);
	}
	l->db->ops->rollback(l->db);
	return rc;
}

int imp_ledger_read(struct imp_ledger *l, imp_ledger_work *work, void *ctx,
		    struct imp_error *err)
{
	int rc;

	if (is_inside(l))
		return work(l, ctx, err);
	pthread_mutex_lock(&l->writing);
	rc = read_once(l, work, ctx, err);
	if (rc < 0 && l->db->again)
		rc = read_once(l, work, ctx, err);
	pthread_mutex_unlock(&l->writing);
	return rc;
}

static int copy_text(const char *text, char **out, struct imp_error *err)
{
	if (!text)
		return 0;
	*out = strndup(text, 64);
	return *out ? 0 : imp_fail(err, IMP_ERESOURCE, "out of memory");
}

static bool is_url(const char *name)
{
	return strncmp(name, "postgresql://", 13) == 0 ||
	       strncmp(name, "postgres://", 11) == 0;
}

int imp_ledger_open(const struct imp_ledger_config *config, struct imp_ledger **out,
		    struct imp_error *err)
{
	CLEANUP(imp_ledger_close) struct imp_ledger *l = calloc(1, sizeof(*l));
	int rc;

	if (!l)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	if (config->origin && !imp_note_name(imp_span_str(config->origin)))
		return imp_fail(err, IMP_EUSAGE,
				"%s: expected the name of a log, 1 to %d bytes without "
				"spaces and plus signs",
				config->origin, IMP_NOTE_NAME);
	pthread_mutex_init(&l->lock, NULL);
	pthread_mutex_init(&l->writing, NULL);
	rc = copy_text(config->station, &l->station, err);
	if (!rc)
		rc = copy_text(config->tool, &l->tool, err);
	if (!rc)
		rc = imp_crypto_new(&l->crypto, err);
	if (!rc)
		rc = is_url(config->name)
			     ? imp_postgres_open(config->name, &l->db, err)
			     : imp_sqlite_open(config->name, config->create, &l->db, err);
	if (rc)
		return rc;
	l->db->cancel_fd = config->cancel_fd;
	rc = imp_tables_bring(l, config, err);
	if (!rc)
		*out = STEAL(l);
	return rc;
}

void imp_ledger_close(struct imp_ledger **ledger)
{
	struct imp_ledger *l = *ledger;

	*ledger = NULL;
	if (!l)
		return;
	imp_db_close(&l->db);
	imp_secret_fini(&l->part.payload);
	imp_crypto_free(&l->crypto);
	pthread_mutex_destroy(&l->lock);
	pthread_mutex_destroy(&l->writing);
	free(l->station);
	free(l->tool);
	free(l);
}
