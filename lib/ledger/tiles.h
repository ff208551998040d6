/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tiles: a ledger as plain files, for whoever follows it; and a ledger made of such
 * files.
 *
 *   DIR/checkpoint               the last checkpoint
 *   DIR/tile/<L>/<N>[.p/<W>]     hashes of the tree
 *   DIR/tile/entries/<N>[.p/<W>] leaves, each behind its length
 *
 * Nothing of these tells what an entry says. The records do, and stand in a folder of
 * their own, RECORDS/<N>[.p/<W>]: each as it is disclosed, behind its length in 4 bytes.
 * Source: C2SP tlog-tiles; imprint-ledger(5).
 */
#ifndef IMP_LEDGER_TILES_H
#define IMP_LEDGER_TILES_H

#include "ledger/check.h"
#include "ledger/ledger.h"

enum {
	IMP_TILE_WIDTH = 256,
	IMP_TILE_NAME = 48 /* bytes of a path below DIR */
};

/*
 * The path of a tile below its folder, with its NUL: "x001/x234/067.p/8".
 *
 *   width   1..256
 */
void imp_tile_name(uint64_t n, unsigned width, char out[IMP_TILE_NAME]);

/* Is there room for the path of a tile behind that of its folder? 0, -IMP_EUSAGE. */
int imp_tile_folder_check(const char *dir, struct imp_error *err) IMP_MUST_CHECK;

struct imp_tiles {
	uint64_t entries;     /* of the checkpoint that was written */
	uint64_t files, kept; /* new ones; those that were there already */
};

/*
 * Write the tree of the last checkpoint. What is there already stays, and must be the
 * same: tiles never change.
 *
 *   records   a folder, or NULL: none are written; files in it are mode 0600
 *
 * 0; -IMP_EPOLICY (there is no checkpoint; another log or another history is in the
 * folder); -IMP_ELEDGER; -IMP_EUSAGE, -IMP_ERESOURCE.
 */
int imp_ledger_export(struct imp_ledger *l, const char *dir, const char *records,
		      struct imp_tiles *out, struct imp_error *err) IMP_MUST_CHECK;

/*
 * Fill a ledger that has no entries yet from records, each of which must be what the log
 * has published under a checkpoint.
 *
 *   log   whose signature counts
 *
 * 0; -IMP_EUSAGE (it has entries); -IMP_EVERIFY, with the first entry that is not what
 * was published; -IMP_EFORMAT; -IMP_ELEDGER, -IMP_ERESOURCE. Other than 0: nothing was
 * added.
 */
int imp_ledger_import(struct imp_ledger *l, const char *dir, const char *records,
		      const struct imp_vkey *log, struct imp_error *err) IMP_MUST_CHECK;

#endif
