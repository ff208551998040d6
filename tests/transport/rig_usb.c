/* SPDX-License-Identifier: Apache-2.0 */
/* A line on an emulated USB. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "rig_usb.h"

static const struct imp_usb_id id = { 0x1209, 1, IMP_USB_ANY, IMP_USB_ANY, NULL };
static const struct imp_usb_ids ids = { &id, 1 };

static void usb_start(struct rig *r)
{
	struct usb_rig *u = calloc(1, sizeof(*u));

	cr_assert_not_null(u);
	u->bus = umockdev_testbed_new();
	u->show.number = 2;
	r->line = u;
	r->ids = &ids;
	snprintf(r->uri, sizeof(r->uri), "usb:1-2");
}

static void usb_stop(struct rig *r)
{
	struct usb_rig *u = r->line;

	for (size_t i = 0; i < u->count; i++)
		usb_bus_free(u->all[i]);
	g_object_unref(u->bus);
	free(u);
}

static void usb_plug(struct rig *r)
{
	struct usb_rig *u = r->line;

	cr_assert_lt(u->count, USB_RIG_DEVICES);
	u->at = usb_bus_plug(u->bus, &u->show, &r->device);
	u->all[u->count++] = u->at;
	u->show.number++; /* the kernel gives the next one another */
}

static void usb_unplug(struct rig *r)
{
	struct usb_rig *u = r->line;

	if (u->at)
		usb_bus_pull(u->at);
	u->at = NULL;
}

const struct rig_ops rig_usb = {
	.name = "usb",
	.carries = IMP_CARRIES_MESSAGES,
	.exclusive = true,
	.unplugs = "unplugged",
	.start = usb_start,
	.stop = usb_stop,
	.plug = usb_plug,
	.unplug = usb_unplug,
};
