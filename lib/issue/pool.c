/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of items between one thread that puts and takes, and several that make. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"
#include "cbor/reader.h"
#include "crypto/host.h"
#include "issue/pool.h"

/* A few items a thread, so that none waits for another's slow one. */
enum { SLOTS = 16, STACK = 512 * 1024 };

enum state { FREE, READY, MADE };

struct slot {
	enum state state;
	struct imp_pool_item item;
	int rc;
	struct imp_error err;
	size_t out_len;
	uint8_t in[IMP_CBOR_MAX], out[IMP_CBOR_MAX]; /* memory only as far as used */
};

struct worker {
	struct imp_pool *pool;
	struct imp_crypto *crypto;
	pthread_t thread;
	bool running;
};

struct imp_pool {
	struct imp_pool_work work;
	struct imp_crypto *crypto; /* of the caller's thread; borrowed */
	unsigned threads;
	struct worker *worker; /* owned; none with one thread */
	struct slot *slot;     /* owned */
	size_t slots;
	uint64_t put, taken; /* of the caller's thread */
	/* Shared, under lock. */
	pthread_mutex_t lock;
	pthread_cond_t ready, made;
	uint64_t next; /* to be made */
	bool stop;
};

static void make(struct imp_pool *p, struct imp_crypto *crypto, struct slot *s)
{
	struct imp_writer w = imp_writer(s->out, sizeof(s->out));

	s->rc = imp_crypto_blame(p->work.make(p->work.ctx, crypto, &s->item, &w, &s->err),
				 &s->err);
	s->out_len = w.len;
}

static struct slot *slot_at(struct imp_pool *p, uint64_t i)
{
	return &p->slot[i % p->slots];
}

static void *run(void *arg)
{
	struct worker *me = arg;
	struct imp_pool *p = me->pool;

	pthread_mutex_lock(&p->lock);
	while (!p->stop) {
		struct slot *s = slot_at(p, p->next);

		if (s->state != READY) {
			pthread_cond_wait(&p->ready, &p->lock);
			continue;
		}
		s->state = FREE; /* of the other threads' concern */
		p->next++;
		pthread_mutex_unlock(&p->lock);
		make(p, me->crypto, s);
		pthread_mutex_lock(&p->lock);
		s->state = MADE;
		pthread_cond_signal(&p->made);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

static int start(struct imp_pool *p, struct imp_error *err)
{
	pthread_attr_t attr;
	int bad, rc = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	for (unsigned i = 0; !rc && p->threads > 1 && i < p->threads; i++) {
		struct worker *w = &p->worker[i];

		w->pool = p;
		rc = imp_crypto_new(&w->crypto, err);
		if (rc)
			break;
		bad = pthread_create(&w->thread, &attr, run, w);
		w->running = bad == 0;
		if (bad)
			rc = imp_hint(err,
				      imp_fail(err, IMP_ERESOURCE, "thread %u of %u: %s",
					       i + 1, p->threads, strerror(bad)),
				      "-j 1 works without threads");
	}
	pthread_attr_destroy(&attr);
	return rc;
}

int imp_pool_open(struct imp_pool **out, unsigned threads, struct imp_crypto *crypto,
		  const struct imp_pool_work *work, struct imp_error *err)
{
	CLEANUP(imp_pool_close) struct imp_pool *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->ready, NULL);
	pthread_cond_init(&p->made, NULL);
	p->work = *work;
	p->crypto = crypto;
	p->threads = threads;
	p->slots = threads > 1 ? (size_t)SLOTS * threads : 1;
	p->slot = calloc(p->slots, sizeof(*p->slot));
	p->worker = calloc(threads, sizeof(*p->worker));
	rc = p->slot && p->worker ? start(p, err)
				  : imp_fail(err, IMP_ERESOURCE, "out of memory");
	if (rc)
		return rc;
	*out = STEAL(p);
	return 0;
}

static void wipe(struct slot *s)
{
	imp_wipe(s->in, s->item.in.len);
	imp_wipe(s->out, s->out_len);
	s->out_len = 0;
}

/* The oldest item that was put in; waits for it. */
static int take(struct imp_pool *p, struct imp_error *err)
{
	struct slot *s = slot_at(p, p->taken);
	int rc;

	pthread_mutex_lock(&p->lock);
	while (s->state != MADE)
		pthread_cond_wait(&p->made, &p->lock);
	s->state = FREE;
	pthread_mutex_unlock(&p->lock);
	p->taken++;
	if (s->rc && err)
		*err = s->err;
	rc = p->work.take(p->work.ctx, s->item.where, s->rc,
			  (struct imp_span){ s->out, s->out_len }, err);
	wipe(s);
	return rc;
}

int imp_pool_put(struct imp_pool *p, const struct imp_pool_item *item,
		 struct imp_error *err)
{
	struct slot *s;
	int rc = p->put - p->taken == p->slots ? take(p, err) : 0;

	if (rc)
		return rc;
	if (item->in.len > IMP_CBOR_MAX)
		return imp_fail(err, IMP_EFORMAT, "an item of more than %d bytes",
				IMP_CBOR_MAX);
	s = slot_at(p, p->put);
	s->item = *item;
	memcpy(s->in, item->in.ptr, item->in.len);
	s->item.in.ptr = s->in;
	p->put++;
	if (p->threads == 1) {
		make(p, p->crypto, s);
		s->state = MADE;
		return take(p, err);
	}
	pthread_mutex_lock(&p->lock);
	s->state = READY;
	pthread_cond_signal(&p->ready);
	pthread_mutex_unlock(&p->lock);
	return 0;
}

int imp_pool_finish(struct imp_pool *p, struct imp_error *err)
{
	int rc = 0;

	while (!rc && p->taken < p->put)
		rc = take(p, err);
	return rc;
}

void imp_pool_close(struct imp_pool **pool)
{
	struct imp_pool *p = *pool;

	*pool = NULL;
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_broadcast(&p->ready);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; p->worker && i < p->threads; i++) {
		if (p->worker[i].running)
			pthread_join(p->worker[i].thread, NULL);
		imp_crypto_free(&p->worker[i].crypto);
	}
	for (size_t i = 0; p->slot && i < p->slots; i++)
		wipe(&p->slot[i]);
	pthread_cond_destroy(&p->ready);
	pthread_cond_destroy(&p->made);
	pthread_mutex_destroy(&p->lock);
	free(p->worker);
	free(p->slot);
	free(p);
}
