/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libpq, loaded when a PostgreSQL ledger is named and not before: it brings Kerberos,
 * LDAP and a second TLS stack along, and starting a program with them costs several times
 * what imprint costs. Private to lib/ledger.
 */
#ifndef IMP_LEDGER_LIBPQ_H
#define IMP_LEDGER_LIBPQ_H

#include <libpq-fe.h>

#include "base/error.h"

#define IMP_LIBPQ(X)            \
	X(PQclear)              \
	X(PQcmdStatus)          \
	X(PQconnectdbParams)    \
	X(PQconninfoFree)       \
	X(PQconninfoParse)      \
	X(PQconsumeInput)       \
	X(PQenterPipelineMode)  \
	X(PQerrorMessage)       \
	X(PQexec)               \
	X(PQexitPipelineMode)   \
	X(PQfinish)             \
	X(PQfreemem)            \
	X(PQftype)              \
	X(PQgetResult)          \
	X(PQgetisnull)          \
	X(PQgetlength)          \
	X(PQgetvalue)           \
	X(PQnfields)            \
	X(PQntuples)            \
	X(PQisBusy)             \
	X(PQpipelineSync)       \
	X(PQresultErrorField)   \
	X(PQresultStatus)       \
	X(PQsendPrepare)        \
	X(PQsendQueryParams)    \
	X(PQsendQueryPrepared)  \
	X(PQsetNoticeProcessor) \
	X(PQsocket)             \
	X(PQstatus)

struct imp_libpq {
#define IMP_MEMBER(f) __typeof__(f) *f;
	IMP_LIBPQ(IMP_MEMBER)
#undef IMP_MEMBER
};

/* 0, or -IMP_ELEDGER: the library is not installed, or too old. It stays loaded. */
int imp_libpq_load(struct imp_libpq *out, struct imp_error *err) IMP_MUST_CHECK;

#endif
