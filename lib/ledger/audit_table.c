/* SPDX-License-Identifier: Apache-2.0 */
/* What each finding is called, how bad it is, and what to do about it. */
#include "ledger/audit.h"

static const struct imp_finding_kind kinds[IMP_FOUND_CODES] = {
	[IMP_FOUND_LEDGER_FORKED] = { "ledger-forked", IMP_ALARM,
				      "the ledger does not go on from the checkpoint",
				      "find the copy that does: this one was rolled back "
				      "or written anew" },
	[IMP_FOUND_CLONE] = { "clone", IMP_ALARM, "two devices have one key",
			      "take both out of service; no secret goes to this key "
			      "again" },
	[IMP_FOUND_ROLLBACK] = { "rollback", IMP_ALARM,
				 "the device is in a state that it had left",
				 "its flash was rewritten: examine it, provision it anew "
				 "with a higher sequence" },
	[IMP_FOUND_FOREIGN_AUTHORITY] = { "foreign-authority", IMP_ALARM,
					  "written by somebody whom nobody entitled",
					  "find out whose key it is; raise the floor of "
					  "the domain and provision it anew" },
	[IMP_FOUND_UNISSUED_PROFILE] = { "unissued-profile", IMP_ALARM,
					 "the device took a profile that nobody issued",
					 "ask who signs with this key outside the "
					 "ledger; provision the device anew" },
	[IMP_FOUND_HISTORY_MISMATCH] = { "history-mismatch", IMP_ALARM,
					 "the device's history is not that of its past",
					 "imprint audit -d DEVICE reads its history; "
					 "trust nothing that it says until then" },
	[IMP_FOUND_HISTORY_GAP] = { "history-gap", IMP_ALARM,
				    "something was applied that the ledger does not know",
				    "imprint audit -d DEVICE reads its history and "
				    "names who signed it" },
	[IMP_FOUND_PRE_CLAIMED] = { "pre-claimed", IMP_ALARM,
				    "somebody owned the device before",
				    "do not use it unless its earlier owner is known; "
				    "push the transfer with the ledger" },
	[IMP_FOUND_DUPLICATE_IDENTITY] = { "duplicate-identity", IMP_ALARM,
					   "two devices say that they are the same",
					   "find both; enroll --replace where the "
					   "board was exchanged" },
	[IMP_FOUND_KEY_CONFLICT] = { "key-conflict", IMP_ALARM,
				     "a key does not belong to the device it stands for",
				     "find out who wrote that; enroll the device anew "
				     "with a factory's endorsement" },
	[IMP_FOUND_OUT_OF_SCOPE] = { "out-of-scope", IMP_ALARM,
				     "an authority wrote what its grant does not cover",
				     "ask the authority; raise the floor of the domain "
				     "where it had no right" },
	[IMP_FOUND_REVOKED] = { "revoked", IMP_ALARM,
				"something that was revoked is still used",
				"provision the device anew by a key that is good" },
	[IMP_FOUND_UNKNOWN_DEVICE] = { "unknown-device", IMP_ALARM,
				       "nobody enrolled this device",
				       "imprint enroll --ledger, where it is yours" },
	[IMP_FOUND_WRONG_LIFECYCLE] = { "wrong-lifecycle", IMP_WARNING,
					"the device is not in the state that it must be",
					"imprint verify -d DEVICE; claim, retire or "
					"lock it as it should be" },
	[IMP_FOUND_DEBUG_ENABLED] = { "debug-enabled", IMP_WARNING,
				      "its debug port is open",
				      "close it, and take what the device holds for "
				      "known to others" },
	[IMP_FOUND_IN_DOUBT] = { "in-doubt", IMP_WARNING, "sent, and never proven",
				 "push it again to the device, or imprint verify it: "
				 "evidence settles it" },
	[IMP_FOUND_ASSERTED_KEY] = { "asserted-key", IMP_NOTICE,
				     "only the device itself says that its key is its own",
				     "enroll it with a factory's endorsement, or have "
				     "it verified past the station that enrolled it" },
	[IMP_FOUND_SINGLE_PATH] = { "single-path", IMP_NOTICE,
				    "its key was confirmed by the station that "
				    "enrolled it",
				    "have it verified on a path that does not pass "
				    "that station" },
	[IMP_FOUND_STALE] = { "stale", IMP_NOTICE, "it has proven nothing for too long",
			      "imprint verify -d DEVICE, or look for it" },
	[IMP_FOUND_UNVERIFIED] = { "unverified", IMP_NOTICE,
				   "it could not be verified, so it counts for nothing",
				   "name the owner who must have signed it: --owner PUB; "
				   "else find out where it comes from" },
	[IMP_FOUND_NOT_ANCHORED] = { "not-anchored", IMP_NOTICE,
				     "nothing outside says that this is the ledger",
				     "name a checkpoint that was kept elsewhere: "
				     "--checkpoint FILE --log FILE" },
};

const struct imp_finding_kind *imp_finding_kind(enum imp_finding_code code)
{
	return &kinds[code];
}

const char *imp_severity_name(enum imp_severity s)
{
	static const char *const names[IMP_SEVERITIES] = { [IMP_CLEAN] = "clean",
							   [IMP_NOTICE] = "notice",
							   [IMP_WARNING] = "warning",
							   [IMP_ALARM] = "alarm" };

	return names[s];
}
