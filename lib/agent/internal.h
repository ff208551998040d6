/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the agent share. Private to lib/agent. */
#ifndef IMP_AGENT_INTERNAL_H
#define IMP_AGENT_INTERNAL_H

#include "agent/agent.h"
#include "trust/chain.h"
#include "wire/message.h"

/* state.c: everything but the settings, which follow in the order of the domains. */
void state_encode(struct imp_writer *w, const struct imp_agent_state *s);
/* False where the bytes are not a state that this agent could have written. */
bool state_decode(struct imp_reader *r, struct imp_agent_state *s);
/* The same of the settings, once they are there. */
bool state_settings_are_sane(const struct imp_agent_state *s);
/* Hand every domain's settings to the board. */
void state_activate(const struct imp_agent *a);
/* Settings that were wiped are out of force. */
void state_deactivate(const struct imp_agent *a);

/* store.c */
int store_load(struct imp_agent *a); /* 0, or -IMP_ERESOURCE */
/* 0, or -IMP_ERESOURCE with what the store holds loaded again and in force. */
int store_commit(struct imp_agent *a);
/* Give up a change that was begun: what the store holds is the state again. */
void store_restore(struct imp_agent *a);

/* keys.c */
int keys_ensure(struct imp_agent *a); /* made once, committed; 0, or -IMP_ERESOURCE */

/* history.c */
/* End a change that was begun: its entry, then the commit. Where rc says that it failed,
 * or one of these does, the change is given up. */
enum imp_reason history_commit(struct imp_agent *a, int rc,
			       const struct imp_entry *entry);
/* The ring is empty, and goes on from the heads. */
void history_erase_ring(struct imp_agent *a);
/* The entry of a domain, or NULL; made where there is room. */
struct imp_agent_domain *domain_find(struct imp_agent *a, unsigned domain);
struct imp_agent_domain *domain_make(struct imp_agent *a, unsigned domain);
/* Wipe those of these domains that are set: bit d. */
void domains_wipe(struct imp_agent *a, uint16_t domains);
/* All pairs start again: no domain is kept that no profile was ever applied in. */
void domains_start_again(struct imp_agent *a);

/* apply.c: the object that is staged. *again: nothing changed; *quiet: no evidence may
 * follow. */
struct applied {
	bool again, quiet;
};
enum imp_reason apply_staged(struct imp_agent *a, struct applied *out);
bool id_is(const uint8_t a[32], const uint8_t b[32]);

/* right.c: who the device is, and whose it is. */
struct imp_target self(const struct imp_agent *a);
bool target_fits(const struct imp_agent *a, const struct imp_target *t); /* is it? */
struct imp_side owner_side(const struct imp_agent *a);
/* Match, then verify the signatures of an object and its chain. */
enum imp_reason check_chain(struct imp_agent *a, const struct imp_chain *chain);

/* profile.c, transfer.c, command.c */
enum imp_reason apply_package(struct imp_agent *a, struct applied *out);
enum imp_reason apply_transfer(struct imp_agent *a, const struct imp_signed *s,
			       const uint8_t id[32], struct applied *out);
enum imp_reason apply_command(struct imp_agent *a, const struct imp_chain *chain,
			      const uint8_t id[32], struct applied *out);

/* challenge.c: is it one by the owner or an authority? None at all is good where nobody
 * asks for one. Any failure is `challenge`. */
enum imp_reason challenge_check(struct imp_agent *a, struct imp_span in);
/* The same of a request that must have one, and the nonce that follows from it. */
enum imp_reason challenge_nonce(struct imp_agent *a, const struct imp_request *q,
				uint8_t nonce[32]);

/* report.c: signed into a->token; empty on failure. */
struct imp_span report_evidence(struct imp_agent *a, struct imp_span nonce);
struct imp_span report_card(struct imp_agent *a, struct imp_span nonce);
uint32_t report_life(const struct imp_agent *a);
/* The history from entry `from` on, as response fields put into a->token: base, then
 * entries. */
void report_history(struct imp_agent *a, uint32_t from, size_t room,
		    struct imp_response *r);

/* stage.c */
enum imp_reason stage_chunk(struct imp_agent *a, const struct imp_request *q,
			    bool *complete);
void stage_clear(struct imp_agent *a);

#endif
