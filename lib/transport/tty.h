/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serial ports: any baud rate, raw, exclusive; unplugging is seen at once.
 *
 * serial:PORT[?baud=N]; 115200 baud unless said otherwise. PORT is a path, by-id/NAME or
 * by-path/NAME (udev's links below /dev/serial), or usb=1-2.3: the port of the USB device
 * that hangs there, usb=1-2.3:1.0 where it has several. Source: termios(3), ioctl_tty(2);
 * imprint-device(7).
 */
#ifndef IMP_TRANSPORT_TTY_H
#define IMP_TRANSPORT_TTY_H

#include "transport/transport.h"

extern const struct imp_transport_ops imp_tty_ops;

#endif
