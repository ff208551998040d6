/* SPDX-License-Identifier: Apache-2.0 */
/* Exporting: credentials for a back-end, and what servers take, made of them. */
#ifndef IMPRINT_EXPORT_H
#define IMPRINT_EXPORT_H

#include "account.h"
#include "compile.h"
#include "issue.h"

struct export_args {
	const char *key; /* -k: the owner's, or the back-end's */
	int pass_fd;	 /* -1: ask on the terminal */
	struct out_args out;
	/* To make credentials. */
	struct compile_args compile;
	struct jobs_args jobs;
	const char *to; /* the back-end's public key */
	/* To open them and write them for a server. */
	const char *file, *signer; /* signer: a public key */
	const struct export_format *format;
	const char *type; /* the kind of device, where a server wants one */
	struct account_pick pick;
};

/* export credentials PROFILE. */
int export_credentials(const struct export_args *a, struct imp_error *err);
/* export --format F FILE. */
int export_file(const struct export_args *a, struct imp_error *err);

/* What a format works with: the file, the device at hand, and how it was asked for. */
struct exported {
	FILE *f;
	struct imp_crypto *crypto; /* borrowed */
	const struct export_args *args;
	const struct imp_credentials *c;
	struct accounts accounts;
	const struct account *account; /* the one to hand on, or to look at */
	uint64_t index;		       /* from 1 */
};

/* What of a device's credentials a format hands on. */
enum export_scope {
	EXPORT_ONE, /* one account: the only one, or that of --instance */
	EXPORT_ALL, /* every account */
	EXPORT_ANY, /* every resource, of whatever object */
};

/* A server's form. Each entry is one device, a line of it unless it says otherwise. */
struct export_format {
	const char *name, *server;
	const char *head, *between, *tail; /* NULL: nothing */
	enum export_scope scope;
	bool typed; /* it has --type */
	/* Check the device and write it. 0, or -IMP_EPOLICY: a setting that the server
	 * can't take, named. */
	int (*each)(struct exported *e, struct imp_error *err);
};

/* By name; NULL where there is none. */
const struct export_format *export_format_find(const char *name);

extern const struct export_format export_leshan, export_leshan_bootstrap,
	export_thingsboard, export_aws, export_azure, export_azure_dps, export_csv;

/* What the formats have in common: checks of the account at hand, each of which refuses
 * it by device and resource. 0, or -IMP_EPOLICY. */

/* "imei 0010...: security/0 secret: <what>" */
int export_refuse(const struct exported *e, const char *resource, struct imp_error *err,
		  const char *fmt, ...) IMP_PRINTF(4, 5);
/* A resource that must be there, in the credentials and not on the device alone. */
int export_need(const struct exported *e, const struct account_value *v,
		const char *resource, struct imp_error *err);
/* A pre-shared key of min..max bytes, under an identity that is a text. */
int export_need_psk(const struct exported *e, size_t min, size_t max,
		    struct imp_error *err);
/* identity is a certificate or public key: one DER SEQUENCE. Source: X.690 8.1.3. */
int export_need_der(const struct exported *e, struct imp_error *err);
/* The endpoint has 1..max characters: ASCII letters, digits, and those of `more`. */
int export_need_name(const struct exported *e, size_t max, const char *more,
		     struct imp_error *err);
/* The server has no OSCORE. */
int export_no_oscore(const struct exported *e, struct imp_error *err);
/* The mode is none that the server takes. */
int export_refuse_mode(const struct exported *e, struct imp_error *err);

#endif
