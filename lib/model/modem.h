/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modems: which AT commands their settings become.
 *
 * Read from profiles/modems/ by lib/source; a factory adds its own. Source:
 * imprint-modems(5); 3GPP TS 27.007; ITU-T V.250 5.4.
 */
#ifndef IMP_MODEL_MODEM_H
#define IMP_MODEL_MODEM_H

#include "base/bytes.h"

/* What stands between two commas. */
enum imp_at_form {
	IMP_AT_NOTHING,
	IMP_AT_CONSTANT,
	IMP_AT_CONTEXT, /* the instance, counted from the modem's first context */
	IMP_AT_NUMBER,	/* an int, uint or bool */
	IMP_AT_TEXT,	/* in quotes */
	IMP_AT_OCTET,	/* of a timer or of eDRX: "00101010" */
	IMP_AT_CYCLE,	/* of eDRX: the octet's lower half */
	IMP_AT_WINDOW,	/* of eDRX: its upper half */
	IMP_AT_PLMN,	/* MCC and MNC of one network, in quotes */
	IMP_AT_VALUE,	/* what the map says */
	IMP_AT_ANY,	/* the numbers that the map has for all values, or-ed */
	IMP_AT_FORMS,
};

/* A value of the setting, and what is sent for it. */
struct imp_at_map {
	int64_t value;
	char *text;  /* owned */
	bool quoted; /* it is sent in quotes */
};

struct imp_at_parameter {
	enum imp_at_form form;
	int64_t constant;
	uint16_t resource;
	bool optional;		/* nothing where it is not set */
	struct imp_at_map *map; /* owned */
	size_t maps;
};

/* The resource has, or has not, one of these values, or one of these bits. */
struct imp_at_condition {
	uint16_t resource;
	bool unless, bits;
	int64_t value[8];
	size_t values;
};

enum { IMP_AT_PARAMETERS = 16, IMP_AT_CONDITIONS = 4 };

struct imp_at_command {
	char *name;    /* within its file; owned */
	char *command; /* "+CPSMS"; owned */
	char *note;    /* what people should know of it, or ""; owned */
	uint16_t object;
	bool described; /* the object is; else the command is never made */
	bool once;	/* one command for all instances */
	struct imp_at_condition condition[IMP_AT_CONDITIONS]; /* all must hold */
	size_t conditions;
	struct imp_at_parameter parameter[IMP_AT_PARAMETERS];
	size_t parameters;
};

struct imp_modem {
	char *name;   /* owned */
	bool escapes; /* \22 and \5C in quotes are understood. Source: V.250 5.4.2.2 */
	uint32_t first_context;
	struct imp_at_command *command; /* in the order in which they are sent; owned */
	size_t commands;
};

struct imp_at_command *imp_modem_command(const struct imp_modem *m, const char *name);
void imp_at_command_fini(struct imp_at_command *c);
void imp_modem_fini(struct imp_modem *m);

#endif
