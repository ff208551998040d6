/* SPDX-License-Identifier: Apache-2.0 */
/* The ring of a device that was asked now: it names who wrote what. */
#include "ledger/audit_case.h"

static int take(struct imp_crypto *crypto, struct imp_span bytes, struct imp_chains *at,
		struct imp_ring_read *out)
{
	struct imp_ring_entry *e = &out->at[out->count];
	struct imp_head *head;

	if (out->count == IMP_RING_MAX || imp_entry_decode(bytes.ptr, &e->entry))
		return -IMP_EFORMAT;
	head = &at->head[e->entry.domain];
	e->before = *head;
	if (imp_head_fold(crypto, head, bytes.ptr))
		return -IMP_EINTERNAL;
	e->after = *head;
	out->count++;
	return 0;
}

static bool folds_to(const struct imp_chains *at, const struct imp_evidence *token)
{
	for (unsigned d = 0; d < IMP_EVIDENCE_DOMAINS; d++)
		if ((token->chains >> d & 1) &&
		    (at->head[d].n != token->chain[d].n ||
		     !imp_span_eq(IMP_SPAN(at->head[d].h), token->chain[d].h)))
			return false;
	return true;
}

int imp_ring_read(struct imp_crypto *crypto, const struct imp_questioned *asked,
		  const struct imp_known *known, const struct imp_evidence *token,
		  struct imp_ring_read *out, struct imp_error *err)
{
	struct imp_chains at;
	struct imp_cbor c;
	size_t left;
	int rc = 0;

	out->count = 0;
	if (imp_chains_start(crypto, known, &at))
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (asked->entries.len == 0 || !imp_ring_base(asked->base, &at) ||
	    imp_cbor_open(&c, asked->entries, IMP_CBOR_LENIENT, NULL))
		return 0;
	left = imp_cbor_array(&c);
	while (!rc && imp_cbor_more(&c, &left)) {
		struct imp_span bytes =
			imp_cbor_bytes_len(&c, IMP_ENTRY_LEN, IMP_ENTRY_LEN);

		rc = imp_cbor_ok(&c) ? take(crypto, bytes, &at, out) : -IMP_EFORMAT;
	}
	if (rc == -IMP_EINTERNAL)
		return imp_fail(err, IMP_EINTERNAL, "SHA-256 failed");
	if (rc || !folds_to(&at, token))
		out->count = 0;
	return 0;
}
