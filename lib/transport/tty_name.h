/* SPDX-License-Identifier: Apache-2.0 */
/* Names of serial ports. Private to lib/transport. */
#ifndef IMP_TRANSPORT_TTY_NAME_H
#define IMP_TRANSPORT_TTY_NAME_H

#include "transport/transport.h"

/*
 * What the name of a port says.
 *
 *   path   owned by the caller; of a node that may not be there
 *   baud   50..12000000
 *
 * 0; -IMP_EUSAGE (no name, or usb= of a device with several ports); -IMP_ETRANSPORT (usb=
 * of a port without any); -IMP_ERESOURCE.
 */
int tty_name_read(const char *rest, char **path, unsigned *baud, struct imp_error *err);

/* each and place of struct imp_transport_ops. */
void tty_each(const struct imp_usb_ids *ids,
	      void (*fn)(const struct imp_attached *a, void *arg), void *arg);
bool tty_place(const char *rest, const struct imp_usb_ids *ids, char *out, size_t cap);

#endif
