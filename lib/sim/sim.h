/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sim: simulated devices, the real agent over emulated flash, on pseudo-terminals, TCP or
 * the kernel's own USB.
 *
 * A folder holds what devices keep: devices/IMEI.flash (two halves of state and the
 * board's own data) and devices/IMEI.keys (private keys, mode 0600). A simulated device
 * is a test device: its keys lie in files. Everything that goes wrong on request goes
 * wrong here; the agent knows nothing of it. Source: imprint-simulate(1).
 */
#ifndef IMP_SIM_SIM_H
#define IMP_SIM_SIM_H

#include "crypto/host.h"
#include "model/object.h"
#include "sim/fault.h"
#include "transport/tcp.h"

enum { IMP_SIM_DEVICES = 1024, IMP_SIM_TEXT_MAX = 32, IMP_SIM_UEID = 15 };

/* Who a device is. Texts end with NUL; serial and iccid may be empty. */
struct imp_sim_identity {
	char imei[16]; /* 15 digits */
	char serial[IMP_SIM_TEXT_MAX + 1];
	char iccid[IMP_SIM_TEXT_MAX + 1];
};

struct imp_sim_options {
	const char *dir; /* made where it is missing */
	/* Listen there, each device on the port after the one before, or on any where it
	 * is 0; NULL: pseudo-terminals. */
	const struct imp_tcp_where *tcp;
	/* Call there, each device, in place of listening; again `every_s` after each
	 * conversation. */
	const struct imp_tcp_where *home;
	uint32_t every_s;
	bool usb; /* at the kernel's virtual host controller; not with tcp */
	const struct imp_sim_identity *identity;
	size_t count;			  /* devices, 1..1024 */
	const struct imp_pub *maker;	  /* built into the image, or NULL */
	bool production;		  /* the image takes no published key */
	const struct imp_signer *factory; /* endorses at the first start, or NULL */
	const struct imp_catalog *vendor; /* objects that the firmware has beyond those
					   * that ship, or NULL */
	const struct imp_sim_fault *fault;
	size_t faults;
	uint64_t seed; /* of what is random in faults */
	/* Told of cuts, reboots, unplugs; device counts from 1. May be NULL. */
	void (*event)(void *ctx, size_t device, const char *what);
	void *ctx;
};

struct imp_sim;

/* What there is to say of a device. */
struct imp_sim_info {
	const char *link; /* DIR/1; a device that calls has none there */
	const char *name; /* what it leads to: /dev/pts/7, tcp:127.0.0.1:4001, usb:3-1 */
	const char *imei;
	struct imp_span ueid;
	uint8_t kid[32]; /* of the signing key */
	bool endorsed;
	uint32_t boot; /* this is the how-manieth start */
};

/*
 * Start the devices: state loaded, agents booted, links there.
 *
 *   crypto    borrowed, outlives *out
 *   options   borrowed during the call, but for maker, vendor, event and ctx, which stay
 *
 * 0; -IMP_EUSAGE (an IMEI twice or not 15 digits, a fault for a device that is not there,
 * a vendor's object that ships, no such folder, another simulation has it, no such
 * address); -IMP_EFORMAT, -IMP_EKEY (what is in it); -IMP_ETRANSPORT (a port that is in
 * use); -IMP_ERESOURCE (files, pseudo-terminals, no virtual host controller).
 */
int imp_sim_open(struct imp_sim **out, struct imp_crypto *crypto,
		 const struct imp_sim_options *options, struct imp_error *err)
	IMP_MUST_CHECK;
/* device counts from 0. */
void imp_sim_info(const struct imp_sim *s, size_t device, struct imp_sim_info *out);
/*
 * Run until a host can find each device, which takes a while on USB.
 *
 *   stop    a descriptor that becomes readable where nobody wants to wait; or -1
 *
 * 0; -IMP_ERESOURCE (the kernel does not take up a device); -IMP_EINTERRUPTED.
 */
int imp_sim_settle(struct imp_sim *s, int stop, struct imp_error *err) IMP_MUST_CHECK;
/*
 * Run until one of the descriptors becomes readable.
 *
 *   stop    count descriptors, at most 4; -1 is passed over
 *
 * Its index, or -IMP_EINTERNAL.
 */
int imp_sim_run(struct imp_sim *s, const int *stop, size_t count, struct imp_error *err)
	IMP_MUST_CHECK;
/* Stop the devices and take the links away. Accepts a pointer to NULL; leaves NULL. */
void imp_sim_close(struct imp_sim **s);

#endif
