/* SPDX-License-Identifier: Apache-2.0 */
/* Which devices a command is about: ports from -d, and --id among what answers there. */
#ifndef IMPRINT_DEVICE_LIST_H
#define IMPRINT_DEVICE_LIST_H

#include "devices.h"
#include "source/usb_table.h"

struct device_entry {
	char *uri;     /* owned */
	char *place;   /* where it leads; owned; NULL: nowhere, as opening it will tell */
	char *port;    /* the USB port it was found on, or ""; owned */
	char *what;    /* for people: who made it, what it is; or ""; owned */
	char *trouble; /* why it cannot be opened, as far as was seen; owned; NULL */
	bool known;    /* passed over: it was asked before */
	const struct imp_transport_ops *ops; /* NULL: no such transport, likewise */
};

struct device_list {
	struct device_entry entry[DEVICES_MAX];
	size_t count;
	struct imp_usb_table usb; /* read where a name may be about USB */
};

/* From -d, or from IMPRINT_DEVICE; each port once. 0, -IMP_EUSAGE, -IMP_ERESOURCE. */
int device_list_make(const struct dev_args *args, struct device_list *out,
		     struct imp_error *err);
/* What -d all means; none attached is no error. 0, -IMP_EUSAGE, -IMP_EFORMAT,
 * -IMP_ERESOURCE. */
int device_list_attached(struct device_list *out, struct imp_error *err);
void device_list_fini(struct device_list *l);

/*
 * Is the device that was described the one of --id, or may it be?
 *
 *   v   its cards tell serials; NULL: a serial cannot be judged yet
 */
bool device_is_wanted(struct device *d, const struct verifier *v);

#endif
