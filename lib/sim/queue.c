/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes on their way out. */
#include <stdlib.h>
#include <string.h>

#include "sim/queue.h"

enum { CAP = 16384 };

bool sim_queue_put(struct sim_queue *q, struct imp_span bytes)
{
	if (!q->ptr) {
		q->ptr = malloc(CAP);
		q->cap = q->ptr ? CAP : 0;
	}
	if (q->cap - q->end < bytes.len && q->at > 0) {
		memmove(q->ptr, q->ptr + q->at, q->end - q->at);
		q->end -= q->at;
		q->at = 0;
	}
	if (q->cap - q->end < bytes.len || bytes.len == 0)
		return bytes.len == 0;
	memcpy(q->ptr + q->end, bytes.ptr, bytes.len);
	q->end += bytes.len;
	return true;
}

struct imp_span sim_queue_rest(const struct sim_queue *q)
{
	if (!q->ptr)
		return (struct imp_span){ 0 };
	return (struct imp_span){ q->ptr + q->at, q->end - q->at };
}

void sim_queue_drop(struct sim_queue *q, size_t n)
{
	q->at += n;
	if (q->at == q->end)
		q->at = q->end = 0;
}

void sim_queue_clear(struct sim_queue *q)
{
	q->at = q->end = 0;
}

void sim_queue_fini(struct sim_queue *q)
{
	free(q->ptr);
	*q = (struct sim_queue){ 0 };
}
