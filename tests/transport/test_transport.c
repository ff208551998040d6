/* SPDX-License-Identifier: Apache-2.0 */
/* Every case on every rig. */
#include <criterion/criterion.h>

#include "cases.h"

static void run(const struct rig_ops *ops, rig_case *c)
{
	static struct rig rig;
	struct host host;

	rig_start(&rig, ops);
	host_start(&host, &rig);
	c(&host);
	host_stop(&host);
	rig_stop(&rig);
}

#define X(name)                        \
	Test(pty, name, .timeout = 60) \
	{                              \
		run(&rig_pty, name);   \
	}                              \
	Test(tcp, name, .timeout = 60) \
	{                              \
		run(&rig_tcp, name);   \
	}                              \
	Test(usb, name, .timeout = 60) \
	{                              \
		run(&rig_usb, name);   \
	}
CASES(X)
