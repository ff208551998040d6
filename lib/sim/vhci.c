/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual host controller, through sysfs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "sim/vhci.h"

#define CONTROLLER "/sys/devices/platform/vhci_hcd"
#define DEVICES	   "/sys/bus/usb/devices/"

enum {
	CONTROLLERS = 128,
	STATUS = 4096, /* bytes of a status file; sysfs gives no more */
	FREE = 4,      /* VDEV_ST_NULL; Source: Linux, drivers/usb/usbip/usbip_common.h */
	HIGH_SPEED = 3,
	DEVICE_ID = 0x10000, /* bus 1 of nowhere */
};

DEFINE_CLEANUP(DIR *, closedir);
DEFINE_CLEANUP(FILE *, fclose);

/* A line is "hs  0003 004 000 00000000 000000 0-0": hub, port, status. */
int sim_vhci_free_port(const char *status, int from)
{
	for (const char *line = status; line; line = strchr(line, '\n')) {
		char hub[3];
		int port, state;

		line += *line == '\n';
		if (sscanf(line, "%2s %d %d", hub, &port, &state) == 3 &&
		    strcmp(hub, "hs") == 0 && state == FREE && port >= from)
			return port;
	}
	return -1;
}

static bool read_text(const char *path, char *out, size_t cap)
{
	CLEANUP(fclosep) FILE *f = fopen(path, "re");
	size_t n = f ? fread(out, 1, cap - 1, f) : 0;

	out[n] = '\0';
	return f != NULL;
}

static int no_controller(struct imp_error *err)
{
	int rc = imp_fail(err, IMP_ERESOURCE,
			  CONTROLLER ".0: the kernel's virtual USB controller is not "
				     "there");

	return imp_hint(err, rc,
			"modprobe vhci-hcd, as root; kernels for clouds come without it");
}

static bool is_high_speed(const char *controller, const char *bus)
{
	char path[320], text[16];

	snprintf(path, sizeof(path), "%s/%s/speed", controller, bus);
	return strncmp(bus, "usb", 3) == 0 && read_text(path, text, sizeof(text)) &&
	       strcmp(text, "480\n") == 0;
}

/* Controllers have one hub for high speed and one above it, of as many ports. */
static bool ports_of_controller(int *out)
{
	char text[16], more[80];
	int all, controllers = 1;

	if (!read_text(CONTROLLER ".0/nports", text, sizeof(text)) ||
	    sscanf(text, "%d", &all) != 1)
		return false;
	do
		snprintf(more, sizeof(more), CONTROLLER ".0/status.%d", controllers);
	while (access(more, R_OK) == 0 && ++controllers < CONTROLLERS);
	*out = all / controllers;
	return *out > 1;
}

bool sim_vhci_name(int port, char out[SIM_VHCI_NAME])
{
	CLEANUP(closedirp) DIR *d = NULL;
	char path[80];
	int ports;

	if (!ports_of_controller(&ports))
		return false;
	snprintf(path, sizeof(path), CONTROLLER ".%d", port / ports);
	d = opendir(path);
	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
		if (is_high_speed(path, e->d_name)) {
			snprintf(out, SIM_VHCI_NAME, "%.8s-%d", e->d_name + 3,
				 port % ports + 1);
			return true;
		}
	return false;
}

/* Is there still a device that was pulled out? One that is put in before the kernel has
 * noticed may never be taken up. */
static bool lingers(int port)
{
	char name[SIM_VHCI_NAME], path[96];

	if (!sim_vhci_name(port, name))
		return false;
	snprintf(path, sizeof(path), DEVICES "%s", name);
	return access(path, F_OK) == 0;
}

/* Among the ports of one controller: -1 where there is none. */
static int find_among(const char *status, int wanted)
{
	int port = sim_vhci_free_port(status, wanted < 0 ? 0 : wanted);

	if (wanted >= 0)
		return port == wanted && !lingers(port) ? port : -1;
	while (port >= 0 && lingers(port))
		port = sim_vhci_free_port(status, port + 1);
	return port;
}

static int find_port(int wanted, struct imp_error *err)
{
	char path[80] = CONTROLLER ".0/status", text[STATUS];
	int port = -1;

	if (!read_text(path, text, sizeof(text)))
		return no_controller(err);
	for (int i = 1; i < CONTROLLERS; i++) {
		port = find_among(text, wanted);
		snprintf(path, sizeof(path), CONTROLLER ".0/status.%d", i);
		if (port >= 0 || !read_text(path, text, sizeof(text)))
			break;
	}
	if (port < 0)
		return imp_fail(err, IMP_ERESOURCE,
				"no port of the virtual USB controller is free");
	return port;
}

static int cannot_attach(struct imp_error *err)
{
	int why = errno;
	int rc = imp_fail(err, IMP_ERESOURCE, CONTROLLER ".0/attach: %s", strerror(why));

	return why == EACCES || why == EPERM
		       ? imp_hint(err, rc, "only root can plug in virtual USB devices")
		       : rc;
}

static int attach(int port, int socket, struct imp_error *err)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "%d %d %d %d", port, socket,
			 DEVICE_ID + port + 1, HIGH_SPEED);
	int fd = open(CONTROLLER ".0/attach", O_WRONLY | O_CLOEXEC), rc = port;

	if (fd < 0)
		return cannot_attach(err);
	if (write(fd, text, (size_t)n) != n)
		rc = cannot_attach(err);
	close(fd);
	return rc;
}

int sim_vhci_attach(int wanted, int socket, struct imp_error *err)
{
	int port = find_port(wanted, err);

	return port < 0 ? port : attach(port, socket, err);
}

bool sim_vhci_is_free(int port)
{
	return find_port(port, NULL) == port;
}

bool sim_vhci_is_up(const char *name)
{
	char path[96];

	snprintf(path, sizeof(path), DEVICES "%s:1.0/interface", name);
	if (access(path, R_OK) != 0)
		return false;
	snprintf(path, sizeof(path), DEVICES "%s:1.1/tty", name);
	return access("/sys/bus/usb/drivers/cdc_acm", R_OK) != 0 ||
	       access(path, R_OK) == 0;
}
