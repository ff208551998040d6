/* SPDX-License-Identifier: Apache-2.0 */
/* One exchange, and the words for a refusal. Private to lib/driver. */
#ifndef IMP_DRIVER_EXCHANGE_H
#define IMP_DRIVER_EXCHANGE_H

#include "driver/session.h"

/* What came during one exchange, for the words of a failure. */
struct heard {
	uint64_t before; /* bytes received before it */
	uint32_t bad;	 /* bad frames before it */
	uint32_t stalls; /* halted endpoints before it */
	unsigned asked;
	unsigned other; /* answers to other questions */
	bool echoed;
};

/* The words for an exchange without an answer: -IMP_ETRANSPORT. */
int no_answer(const struct imp_session *s, const struct heard *h, struct imp_error *err);
/* The words for a line that broke while an answer was due: what it said last. */
int broke_off(const struct imp_session *s, int rc, struct imp_error *err);
/* Send a request (op, group, id of smp), again where no answer comes, and take the
 * answer. */
int exchange(struct imp_session *s, struct imp_smp *smp, struct imp_span body,
	     unsigned tries, struct imp_smp *out, struct imp_error *err);
/* An answer that is an error: its code, and its reason where it is one of ours. */
int refusal(struct imp_session *s, const struct imp_response *r, unsigned *reason,
	    struct imp_error *err);

#endif
