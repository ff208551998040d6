/* SPDX-License-Identifier: Apache-2.0 */
/* The device's two keys: made on the device, once. */
#include "agent/internal.h"
#include "cose/key.h"

static int load(struct imp_agent *a)
{
	if (a->port->key_make(a->port->ctx, IMP_KEY_SIGNING, &a->signing) ||
	    a->port->key_make(a->port->ctx, IMP_KEY_SEALING, &a->sealing) ||
	    imp_cose_kid(a->crypto, &a->signing, a->signing_kid) ||
	    imp_cose_kid(a->crypto, &a->sealing, a->sealing_kid))
		return -IMP_ERESOURCE;
	a->has_keys = true;
	return 0;
}

int keys_ensure(struct imp_agent *a)
{
	int rc = a->has_keys ? 0 : load(a);

	if (rc || a->state.enrolled)
		return rc;
	if (imp_head_start(a->crypto, a->signing_kid, 0, &a->state.head0))
		return -IMP_ERESOURCE;
	a->state.base0 = a->state.head0;
	a->state.enrolled = true;
	return store_commit(a);
}
