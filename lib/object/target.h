/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Target: which device, or which class of devices, an object is for.
 *
 * Source: imprint-formats(7), target; RFC 9711 4.2.1 (ueid), 4.2.3 (oemid), 4.2.4
 * (hwmodel).
 */
#ifndef IMP_OBJECT_TARGET_H
#define IMP_OBJECT_TARGET_H

#include "cbor/reader.h"
#include "cbor/writer.h"

enum { IMP_UEID_MIN = 7, IMP_UEID_MAX = 33, IMP_HWMODEL_MAX = 32, IMP_KID_LEN = 32 };

struct imp_target {
	struct imp_span ueid; /* 7..33 bytes, or empty in a class */
	bool has_oemid;
	uint32_t oemid;		 /* private enterprise number */
	struct imp_span hwmodel; /* 1..32 bytes, or empty */
	struct imp_span sealing; /* kid of the sealing key, 32 bytes, or empty */
};

/* Read one target at the cursor; spans are borrowed. The cursor fails where it is not
 * one: a class names a model, and no sealing key. */
void imp_target_take(struct imp_cbor *c, struct imp_target *out);
void imp_target_put(struct imp_writer *w, const struct imp_target *t);
/*
 * Is all that the target names true of a device?
 *
 *   device   who it is, in full; no sealing key before there is one
 */
bool imp_target_fits(const struct imp_target *t, const struct imp_target *device);
/* The same of a device that is known in part: is nothing contradicted? */
bool imp_target_may_fit(const struct imp_target *t, const struct imp_target *known);

#endif
