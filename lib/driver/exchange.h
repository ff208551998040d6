/* SPDX-License-Identifier: Apache-2.0 */
/* One exchange, and the words for a refusal. Private to lib/driver. */
#ifndef IMP_DRIVER_EXCHANGE_H
#define IMP_DRIVER_EXCHANGE_H

#include "driver/session.h"

/* Send a request (op, group, id of smp), again where no answer comes, and take the
 * answer. */
int exchange(struct imp_session *s, struct imp_smp *smp, struct imp_span body,
	     unsigned tries, struct imp_smp *out, struct imp_error *err);
/* An answer that is an error: its code, and its reason where it is one of ours. */
int refusal(struct imp_session *s, const struct imp_response *r, unsigned *reason,
	    struct imp_error *err);

#endif
