/* SPDX-License-Identifier: Apache-2.0 */
/* Rigs: a line of each kind with a device at its end, for tests that run on all of them.
 */
#ifndef IMPRINT_TEST_RIG_H
#define IMPRINT_TEST_RIG_H

#include "device.h"
#include "transport/usb.h"

struct rig;

struct rig_ops {
	const char *name;
	enum imp_carries carries;
	bool exclusive;	     /* one opener at a time */
	const char *unplugs; /* what an unplugged line says */
	void (*start)(struct rig *r);
	void (*stop)(struct rig *r);
	/* The device appears under r->uri, and disappears; the thread of the line may
	 * have pulled it already. */
	void (*plug)(struct rig *r);
	void (*unplug)(struct rig *r);
};

struct rig {
	const struct rig_ops *ops;
	struct device device;
	char uri[300];
	const struct imp_usb_ids *ids;
	void *line; /* the kind's own */
};

extern const struct rig_ops rig_pty, rig_tcp, rig_usb;

/* Start a line and plug a device in. */
void rig_start(struct rig *r, const struct rig_ops *ops);
void rig_stop(struct rig *r);

#endif
