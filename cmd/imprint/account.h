/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accounts: what credentials say of a device's LwM2M servers, resource by resource.
 *
 * Source: OMA LwM2M object 0 (1.2, security), object 21 (2.0, OSCORE).
 */
#ifndef IMPRINT_ACCOUNT_H
#define IMPRINT_ACCOUNT_H

#include "object/credentials.h"

enum account_mode {
	ACCOUNT_PSK = 0,
	ACCOUNT_RPK = 1,
	ACCOUNT_CERT = 2,
	ACCOUNT_NOSEC = 3,
	ACCOUNT_EST = 4,
};

/* A resource: its number, or its bytes. */
struct account_value {
	bool there;
	bool own; /* null: the key that the device holds */
	int64_t number;
	struct imp_span bytes;
};

/* An instance of object 21. */
struct oscore {
	uint16_t instance;
	struct account_value secret, sender, recipient, aead, hmac, salt, context;
};

/* An instance of object 0. */
struct account {
	uint16_t instance;
	struct account_value uri, bootstrap, mode, identity, secret, sms_secret, short_id,
		link;
	const struct oscore *oscore; /* where link says so */
};

enum { ACCOUNTS_MAX = 16 };

struct accounts {
	char device[80];    /* "imei 001010010000014", for messages */
	char endpoint[256]; /* as the credentials say, or urn:imei:..., or "" */
	char identity[68];  /* imei, or ueid in hex */
	bool has_imei;
	struct account at[ACCOUNTS_MAX];
	size_t count;
	struct oscore oscore[ACCOUNTS_MAX];
	size_t oscores;
};

/* --instance, --without */
struct account_pick {
	bool has_instance;
	uint16_t instance;
	uint16_t without[ACCOUNTS_MAX]; /* objects to leave out */
	size_t withouts;
};

/*
 * Take the credentials of one device apart; spans are borrowed from them.
 *
 * 0, -IMP_EFORMAT (a resource of another type), -IMP_EPOLICY (no endpoint and no IMEI, a
 * secret of another object, more than 16 instances, an OSCORE context or a link to one
 * that stands alone).
 */
int accounts_take(const struct imp_credentials *c, const struct account_pick *pick,
		  struct accounts *out, struct imp_error *err);
/* Names for the device at hand only: for formats that take any object. */
void accounts_name(const struct imp_credentials *c, struct accounts *out);
/* The account to hand on. 0, or -IMP_EPOLICY: none, or several and no choice. */
int account_find(const struct accounts *all, const struct account_pick *pick,
		 const struct account **out, struct imp_error *err);

#endif
