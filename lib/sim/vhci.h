/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VHCI: ports of the kernel's virtual host controller, at which a process can plug in a
 * device over a socket that speaks USB/IP.
 *
 * Source: Linux, drivers/usb/usbip/vhci_sysfs.c. Private to lib/sim.
 */
#ifndef IMP_SIM_VHCI_H
#define IMP_SIM_VHCI_H

#include "base/bytes.h"
#include "base/error.h"

enum { SIM_VHCI_NAME = 24 };

/*
 * Find a port for devices of high speed in the text of a status file.
 *
 *   from   this one or one after it
 *
 * Its number, or -1: none is free.
 */
int sim_vhci_free_port(const char *status, int from);
/*
 * Plug in a device.
 *
 *   wanted   a port that was used before, or -1
 *   socket   the kernel's end; stays the caller's
 *
 * The number of the port; -IMP_ERESOURCE (no controller, no permission, no free port).
 */
int sim_vhci_attach(int wanted, int socket, struct imp_error *err);
/* Is the kernel done with what was plugged in there? Its threads take a while. */
bool sim_vhci_is_free(int port);
/* The name of the port in sysfs, "3-1", which the tool's usb: takes, too. False: there is
 * no such bus. */
bool sim_vhci_name(int port, char out[SIM_VHCI_NAME]);
/* Has the kernel taken up the device there: can programs open it, and its serial port
 * where there is a driver for that? */
bool sim_vhci_is_up(const char *name);

#endif
