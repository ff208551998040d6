/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profile: the settings of one domain of one device.
 *
 * Source: imprint-formats(7), profile.
 */
#ifndef IMP_OBJECT_PROFILE_H
#define IMP_OBJECT_PROFILE_H

#include "cbor/reader.h"
#include "cbor/writer.h"
#include "object/target.h"

enum { IMP_DOMAINS = 16, IMP_PROFILE_SALT = 16, IMP_ID_LEN = 32, IMP_LABEL_MAX = 64 };

struct imp_profile {
	uint32_t domain;	  /* 0..15 */
	uint64_t sequence;	  /* 1..2^63-1 */
	struct imp_target target; /* exactly one device */
	struct imp_span settings; /* the encoded map {object => {instance => {resource =>
				     value}}} */
	struct imp_span salt; /* 16 bytes; empty only while the salt is being computed */
	struct imp_span replaces; /* id, 32 bytes; or empty */
	uint32_t epochs[2];	  /* owner-epoch, domain-epoch */
	struct imp_span label;	  /* 1..64 bytes of text, or empty */
};

/*
 * Decode a profile's payload.
 *
 *   in     exactly one map; every span of *out is borrowed from it
 *
 * 0, or -IMP_EFORMAT. The settings are checked for shape and limits, too.
 */
int imp_profile_decode(struct imp_span in, struct imp_profile *out, struct imp_error *err)
	IMP_MUST_CHECK;
/* Encode; an empty salt is left out (this is what the salt is computed over). */
void imp_profile_encode(const struct imp_profile *p, struct imp_writer *w);
/* A label at the cursor, which fails where it is not 1..IMP_LABEL_MAX bytes of text. */
struct imp_span imp_label_take(struct imp_cbor *c);

/* One setting at a time, in the order of the wire: {object, instance, resource[, resource
 * instance]}. */
struct imp_setting {
	uint16_t object, instance, resource;
	bool multiple;		    /* the value was a map of resource instances */
	uint16_t resource_instance; /* 0 unless multiple */
	enum imp_cbor_type type;    /* int, text, bytes, bool or null */
	struct imp_span item;	    /* the encoded value */
};

struct imp_settings_walk {
	struct imp_cbor c;
	size_t objects, instances, resources, values; /* left to read at each level */
	struct imp_setting at;
	bool ok;
};

/* Start over the encoded settings map (already checked by imp_profile_decode or
 * imp_settings_check). */
void imp_settings_begin(struct imp_settings_walk *walk, struct imp_span settings);
/* Next setting in walk->at, or false at the end. */
bool imp_settings_next(struct imp_settings_walk *walk);
/* Shape and limits: ids u16, no empty maps, values int, text, bytes, bool or null. 0, or
 * -IMP_EFORMAT. */
int imp_settings_check(struct imp_span settings, struct imp_error *err) IMP_MUST_CHECK;
/* The same of bytes that the strict gate has passed already. */
int imp_settings_walk(struct imp_span settings, struct imp_error *err) IMP_MUST_CHECK;

#endif
