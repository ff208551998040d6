/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects: descriptions of the settings that devices have, in the shape of LwM2M objects.
 *
 * Read from profiles/objects/ by lib/source; a factory adds its own. Source:
 * imprint-objects(5).
 */
#ifndef IMP_MODEL_OBJECT_H
#define IMP_MODEL_OBJECT_H

#include "base/bytes.h"
#include "base/error.h"

enum imp_value_type {
	IMP_V_TEXT,
	IMP_V_APN,
	IMP_V_INT,
	IMP_V_UINT,
	IMP_V_FLOAT,
	IMP_V_BOOL,
	IMP_V_OPAQUE,
	IMP_V_LINK,
	IMP_V_TYPES,
};

enum imp_unit { IMP_UNIT_NONE, IMP_UNIT_S, IMP_UNIT_MIN };

/* How a value must be expressible on the air, or is written in a text. */
enum imp_encoding {
	IMP_ENC_NONE,
	IMP_ENC_T3324,
	IMP_ENC_T3412,
	IMP_ENC_TIMER3, /* GPRS timer 3: the octet travels, not the seconds */
	IMP_ENC_EDRX_IU,
	IMP_ENC_EDRX_WB,
	IMP_ENC_EDRX_NB,
	IMP_ENC_RAI,
	IMP_ENC_PLMN,	   /* 00101 */
	IMP_ENC_PLMN_PAIR, /* 001,01 */
	IMP_ENC_PLMN_LIST, /* 00101,310410 */
	IMP_ENC_LIST,	   /* of anything, with commas */
	IMP_ENC_SECONDS_LIST,
	IMP_ENCODINGS
};

struct imp_named {
	char *name; /* owned */
	int64_t number;
};

struct imp_resource {
	uint16_t id;
	char *name; /* owned */
	enum imp_value_type type;
	enum imp_unit unit;
	enum imp_encoding encoding;
	bool multiple, secret, required, has_range, has_to;
	int64_t min, max;	  /* of a number; of the bytes of a text or opaque */
	uint16_t to;		  /* the object that a link leads to */
	struct imp_named *values; /* names of numbers; owned */
	size_t values_count;
	struct imp_named *bits; /* names of bits; owned */
	size_t bits_count;
};

/* Some resources of an instance. */
struct imp_group {
	uint16_t resource[8];
	size_t count;
};

/* If a resource has one of these values, others must or must not be there. Without any
 * condition, some have the same value (or none of them any), or each another. */
struct imp_rule {
	uint16_t if_resource;
	int64_t if_value[8]; /* one of these */
	size_t if_count;
	struct imp_group present, absent, same, differ;
};

struct imp_object {
	uint16_t id;
	char *name, *urn;	       /* owned */
	bool multiple;		       /* instances */
	struct imp_resource *resource; /* ascending by id; owned */
	size_t resources;
	uint16_t reported[256]; /* the device's own: never in a profile */
	size_t reporteds;
	struct imp_rule *rule; /* owned */
	size_t rules;
};

struct imp_catalog {
	struct imp_object *object; /* as read; owned */
	size_t objects;
};

const char *const *imp_type_names(void);     /* IMP_V_TYPES of them */
const char *const *imp_encoding_names(void); /* IMP_ENCODINGS of them, the first NULL */
const struct imp_object *imp_catalog_by_id(const struct imp_catalog *c, uint32_t id);
const struct imp_object *imp_catalog_by_name(const struct imp_catalog *c,
					     const char *name);
const struct imp_resource *imp_object_by_id(const struct imp_object *o, uint32_t id);
const struct imp_resource *imp_object_by_name(const struct imp_object *o,
					      const char *name);
/* The name that is most alike, or NULL where none is near: for "did you mean". */
const char *imp_nearest(const char *word, const char *const *names, size_t count);
void imp_object_fini(struct imp_object *o);
void imp_catalog_fini(struct imp_catalog *c);

#endif
