/* SPDX-License-Identifier: Apache-2.0 */
/* Which devices a command is about: ports from -d, and --id among what answers there. */
#ifndef IMPRINT_DEVICE_LIST_H
#define IMPRINT_DEVICE_LIST_H

#include "devices.h"

struct device_list {
	const char *uri[DEVICES_MAX];
	size_t count;
	char *owned[DEVICES_MAX];
	size_t owns;
};

/* From -d, or from IMPRINT_DEVICE; each port once. 0, -IMP_EUSAGE, -IMP_ERESOURCE. */
int device_list_make(const struct dev_args *args, struct device_list *out,
		     struct imp_error *err);
void device_list_fini(struct device_list *l);

/*
 * Is the device that was described the one of --id, or may it be?
 *
 *   v   its cards tell serials; NULL: a serial cannot be judged yet
 */
bool device_is_wanted(struct device *d, const struct verifier *v);

#endif
