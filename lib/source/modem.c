/* SPDX-License-Identifier: Apache-2.0 */
/* Reading descriptions of modems. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "source/build.h"
#include "source/describe.h"
#include "source/modem.h"

enum { EXTENDS_MAX = 4, COMMANDS_MAX = 256 };

/* Where a description is being read. */
struct place {
	struct imp_modem *m;
	const struct imp_catalog *catalog;
	struct imp_secret *text;
	const char *path; /* NULL: in memory */
	unsigned depth;	  /* of descriptions that extend one another */
};

/* A command in its place: that of the one which it replaces, or the last. */
static struct imp_at_command *place_for(struct reading *r, struct imp_modem *m,
					const struct imp_yaml *n)
{
	struct imp_at_command *c = imp_modem_command(m, n->key), *more;

	if (c) {
		imp_at_command_fini(c);
		return c;
	}
	if (m->commands == COMMANDS_MAX) {
		imp_diag(r->diags, n->key_mark, "more than %d commands", COMMANDS_MAX);
		return NULL;
	}
	more = reallocarray(m->command, m->commands + 1, sizeof(*more));
	if (!more) {
		r->out_of_memory = true;
		return NULL;
	}
	m->command = more;
	m->command[m->commands] = (struct imp_at_command){ 0 };
	return &m->command[m->commands++];
}

/* NAME: none */
static void drop_command(struct reading *r, struct imp_modem *m, const struct imp_yaml *n)
{
	struct imp_at_command *c = imp_modem_command(m, n->key);
	size_t after;

	if (!n->text || strcmp(n->text, "none") != 0 || !c) {
		imp_diag(r->diags, n->mark,
			 "%s: expected {command: ..., object: N, takes: [...]}, or none "
			 "for one of the modem that this one extends",
			 n->key);
		return;
	}
	after = m->commands - 1 - (size_t)(c - m->command);
	imp_at_command_fini(c);
	memmove(c, c + 1, after * sizeof(*c));
	m->commands--;
}

static void read_commands(struct reading *r, const struct place *at,
			  const struct imp_yaml *n)
{
	if (!n || n->kind != IMP_YAML_MAP) {
		imp_diag(r->diags, n ? n->mark : r->at, "commands: expected NAME: {...}");
		return;
	}
	for (const struct imp_yaml *k = n->child; k && !r->out_of_memory; k = k->next) {
		struct imp_at_command *c;

		if (k->kind != IMP_YAML_MAP) {
			drop_command(r, at->m, k);
			continue;
		}
		c = place_for(r, at->m, k);
		if (c)
			read_command(r, at->catalog, k, c);
	}
}

static void read_head(struct reading *r, const struct place *at,
		      const struct imp_yaml *root)
{
	static const char *const keys[] = { "modem",   "source",	"extends",
					    "escapes", "first-context", "commands",
					    NULL };
	static const char *const escapes[] = { "none", "v250" };
	const struct imp_yaml *name = imp_yaml_get(root, "modem"),
			      *esc = imp_yaml_get(root, "escapes"),
			      *first = imp_yaml_get(root, "first-context");
	int64_t n = 1;

	check_keys(r, root, keys);
	if (!name || !name->text || !*name->text)
		imp_diag(r->diags, name ? name->mark : root->mark,
			 "modem: expected its name");
	free(at->m->name);
	at->m->name = text_of(r, name ? name->text : NULL);
	if (esc)
		at->m->escapes = word_of(r, esc, escapes, COUNTOF(escapes)) == 1;
	if (first && number_of(r, first, 0, 255, &n))
		at->m->first_context = (uint32_t)n;
}

static int read_file(const struct place *at, struct imp_error *err);

/* The description beside this one. */
static int extend(const struct place *at, struct reading *r, const struct imp_yaml *n,
		  struct imp_error *err)
{
	const char *slash = at->path ? strrchr(at->path, '/') : NULL;
	struct place base = *at;
	char *path = NULL;
	int rc;

	if (!at->path || !n->text || !*n->text || at->depth == EXTENDS_MAX ||
	    n->text[strspn(n->text, "abcdefghijklmnopqrstuvwxyz0123456789-")]) {
		imp_diag(r->diags, n->mark,
			 "extends: expected the name of a modem beside this one, at "
			 "most %d deep",
			 EXTENDS_MAX);
		return 0;
	}
	if (asprintf(&path, "%.*s%s.yaml", slash ? (int)(slash + 1 - at->path) : 0,
		     at->path, n->text) < 0)
		return imp_fail(err, IMP_ERESOURCE, "out of memory");
	base.path = path;
	base.depth++;
	rc = read_file(&base, err);
	free(path);
	return rc;
}

static int read_modem(const struct place *at, struct imp_span bytes, const char *file,
		      struct imp_error *err)
{
	CLEANUP(imp_diag_fini) struct imp_diags diags = { .file = file };
	CLEANUP(imp_yaml_free) struct imp_yaml *root = NULL;
	struct reading r = { .diags = &diags };
	const struct imp_yaml *base;
	int rc = imp_yaml_parse(bytes, &diags, &root, err);

	base = imp_yaml_get(root, "extends");
	if (!rc && base)
		rc = extend(at, &r, base, err);
	if (rc)
		return rc;
	if (root && root->kind != IMP_YAML_MAP)
		imp_diag(&diags, root->mark, "expected KEY: VALUE");
	if (root && root->kind == IMP_YAML_MAP) {
		r.at = root->mark;
		read_head(&r, at, root);
		read_commands(&r, at, imp_yaml_get(root, "commands"));
	}
	if (r.out_of_memory)
		return imp_fail(err, IMP_ERESOURCE, "%s: out of memory", file);
	if (diags.hits == 0)
		return 0;
	rc = imp_diag_format(&diags, bytes, at->text, err);
	return rc ? rc
		  : imp_fail(err, IMP_EFORMAT, "%s: %zu mistake%s", file, diags.hits,
			     imp_plural(diags.hits));
}

static int read_file(const struct place *at, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret bytes = { 0 };
	int rc = imp_file_read(at->path, IMP_YAML_MAX + 1, &bytes, err);

	return rc ? rc : read_modem(at, imp_secret_span(&bytes), at->path, err);
}

int imp_modem_read(struct imp_modem *m, const char *path,
		   const struct imp_catalog *catalog, struct imp_secret *text,
		   struct imp_error *err)
{
	const struct place at = { m, catalog, text, path, 0 };

	*m = (struct imp_modem){ .first_context = 1 };
	return read_file(&at, err);
}

int imp_modem_parse(struct imp_modem *m, struct imp_span source, const char *file,
		    const struct imp_catalog *catalog, struct imp_secret *text,
		    struct imp_error *err)
{
	const struct place at = { m, catalog, text, NULL, 0 };

	*m = (struct imp_modem){ .first_context = 1 };
	return read_modem(&at, source, file, err);
}
