/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serial ports: any baud rate, raw, exclusive; unplugging is seen at once.
 *
 * serial:PATH[?baud=N]; 115200 baud unless said otherwise. Source: termios(3),
 * ioctl_tty(2).
 */
#ifndef IMP_TRANSPORT_TTY_H
#define IMP_TRANSPORT_TTY_H

#include "transport/transport.h"

extern const struct imp_transport_ops imp_tty_ops;

/* Call fn for every serial port that may be a device: by-id links first, then ttyACM and
 * ttyUSB. */
void imp_tty_each(void (*fn)(const char *path, void *arg), void *arg);

#endif
