/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profile source: a YAML profile and rows of devices become profiles.
 *
 * The file is parsed once; then each row is built on its own, in memory that does not
 * grow with the rows. Source: imprint-profile(5).
 */
#ifndef IMP_SOURCE_PROFILE_SOURCE_H
#define IMP_SOURCE_PROFILE_SOURCE_H

#include "crypto/host.h"
#include "model/object.h"
#include "object/profile.h"
#include "source/csv.h"
#include "source/diag.h"
#include "source/tree.h"

/* What the command line says. */
struct imp_build_options {
	const char *path;	/* of the profile */
	const char *objects;	/* folder of object descriptions */
	const char *const *set; /* NAME=VALUE */
	size_t sets;
	uint64_t sequence; /* 0: the file's */
	bool has_epochs, has_generation;
	uint32_t epochs[2];
	uint32_t generation;
	struct imp_span seed; /* 32 bytes, or empty */
	bool drawn;    /* the seed is for this run only: salts are made as without one */
	bool each_row; /* tell of every mistake in every row, not the first time only */
};

enum { IMP_VARIABLES = 64, IMP_SETTINGS_MAX = 2000 };

/* What the bytes of a setting do not tell. */
enum imp_setting_mark {
	IMP_SETTING_HIDDEN = 1,	   /* a variable was put in that is not shown */
	IMP_SETTING_GENERATED = 2, /* derived from the seed */
};

/* One variable: where its value comes from. */
struct imp_variable {
	const char *name, *type;	 /* borrowed from the tree, as what follows */
	const struct imp_yaml *fallback; /* NULL: none */
	struct imp_mark mark;
	bool secret;  /* declared so: may go into secret resources only */
	bool hidden;  /* never shown: secret, or used where a secret goes */
	bool used;    /* put in somewhere */
	bool missing; /* no row gives it a value, and that is told already */
	bool wrong;   /* that of the row at hand was refused already, or is missing */
	const char *value; /* for the row at hand; NULL: none */
	const char *set;   /* the -s that gives it; NULL: none */
	int column;	   /* of the CSV; -1: none */
};

/* A file that the profile names, read once. */
struct imp_kept_file {
	const struct imp_yaml *node;
	struct imp_secret bytes;
	struct imp_kept_file *next;
};

/* One resource (instance) with its encoded value. */
struct imp_compiled {
	uint16_t object, instance, resource, index;
	bool multiple;
	uint8_t mark;	/* enum imp_setting_mark bits */
	size_t at, len; /* in the value bytes */
};

struct imp_profile_source {
	struct imp_crypto *crypto; /* borrowed */
	struct imp_build_options options;
	struct imp_catalog catalog;
	struct imp_secret bytes; /* the file */
	struct imp_yaml *root;
	struct imp_diags diags;
	struct imp_variable variable[IMP_VARIABLES];
	size_t variables;
	size_t wrong; /* mistakes that no row can mend */
	/* From the head of the file. */
	const struct imp_yaml *target, *settings;
	uint32_t domain, epochs[2], generation;
	uint64_t sequence;
	const struct imp_yaml *label;
	uint8_t replaces[32];
	bool has_replaces;
	struct imp_kept_file *files; /* owned */
	/* For the row at hand. */
	unsigned long row;		   /* its line; 0: none */
	bool only_check;		   /* others stand for what the seed would give */
	struct imp_secret scratch;	   /* expanded values */
	struct imp_secret values, encoded; /* as they are compiled */
	struct imp_compiled *entries;	   /* likewise; owned */
	uint8_t ueid[33];		   /* of the target */
	size_t ueid_len;
	bool label_hidden;
	bool has_secret; /* a secret resource was set */
	uint8_t mark;	 /* enum imp_setting_mark bits of the setting at hand */
	uint8_t marks[IMP_SETTINGS_MAX]; /* of all, in the order of the wire */
	size_t marks_count;
	struct imp_span endpoint; /* for exports; empty where the profile names none */
	uint8_t payload[IMP_CBOR_MAX];
};

/*
 * Read the profile and the object descriptions, bind variables to columns.
 *
 *   csv    may be NULL: one profile, from variables alone
 *   text   receives all mistakes where -IMP_EFORMAT is returned
 *
 * 0, -IMP_EFORMAT, -IMP_EUSAGE, -IMP_ERESOURCE. imp_profile_source_fini() whatever is
 * returned.
 */
int imp_profile_source_open(struct imp_profile_source *s, struct imp_crypto *crypto,
			    const struct imp_build_options *options,
			    const struct imp_csv *csv, struct imp_secret *text,
			    struct imp_error *err) IMP_MUST_CHECK;
/*
 * Build the profile of the CSV's current row (or of none).
 *
 *   out   the payload, borrowed until the next call; it holds secrets
 *
 * 0, -IMP_EFORMAT with mistakes in *text, -IMP_EKEY (a seed is needed), -IMP_ERESOURCE,
 * -IMP_EINTERNAL.
 */
int imp_profile_source_build(struct imp_profile_source *s, const struct imp_csv *csv,
			     struct imp_span *out, struct imp_secret *text,
			     struct imp_error *err) IMP_MUST_CHECK;
/*
 * The same without the secrets' derivation: finds every mistake, makes nothing.
 *
 * Errors as above.
 */
int imp_profile_source_check(struct imp_profile_source *s, const struct imp_csv *csv,
			     struct imp_secret *text, struct imp_error *err)
	IMP_MUST_CHECK;
/* Where an object's instance stands in it, or a key of its head; line 0: nowhere. */
struct imp_mark imp_profile_source_object(const struct imp_profile_source *s,
					  uint16_t object, uint16_t instance);
struct imp_mark imp_profile_source_key(const struct imp_profile_source *s,
				       const char *key);
/*
 * Add a mistake that somebody else found in what was built.
 *
 *   in_row   it is about the row at hand; else it is told once
 *
 * 0, or -IMP_ERESOURCE.
 */
int imp_profile_source_mistake(struct imp_profile_source *s, struct imp_mark mark,
			       bool in_row, const char *text, struct imp_secret *out,
			       struct imp_error *err) IMP_MUST_CHECK;
/* Columns of the CSV that nothing uses, as "a, b"; empty where there is none. */
void imp_profile_source_unused(const struct imp_profile_source *s,
			       const struct imp_csv *csv, char *out, size_t cap);
void imp_profile_source_fini(struct imp_profile_source *s);

#endif
