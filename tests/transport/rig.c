/* SPDX-License-Identifier: Apache-2.0 */
/* What rigs of all kinds do. */
#include <signal.h>
#include <string.h>

#include "rig.h"

/* A worker of Criterion leads a session: a terminal that goes must not end it. */
void rig_start(struct rig *r, const struct rig_ops *ops)
{
	signal(SIGHUP, SIG_IGN);
	memset(r, 0, sizeof(*r));
	r->ops = ops;
	device_init(&r->device);
	ops->start(r);
	ops->plug(r);
}

void rig_stop(struct rig *r)
{
	r->ops->unplug(r);
	r->ops->stop(r);
	device_fini(&r->device);
}
