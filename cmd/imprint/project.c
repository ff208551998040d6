/* SPDX-License-Identifier: Apache-2.0 */
/* Making a first project. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cli.h"
#include "compile.h"
#include "crypto/key.h"
#include "datadir.h"
#include "project.h"

enum { TEMPLATE_MAX = 64 * 1024, PATH_MAX_LEN = 4096 };

static int add(struct project *p, const char *name, struct imp_span bytes, bool private,
	       struct imp_error *err)
{
	struct project_file *f = &p->file[p->count];
	int rc = cli_check_cancel(err);

	if (!rc && (p->count == COUNTOF(p->file) || strlen(name) >= sizeof(f->name)))
		rc = imp_fail(err, IMP_EINTERNAL, "%s: does not fit a project", name);
	if (rc)
		return rc;
	snprintf(f->name, sizeof(f->name), "%s", name);
	f->private = private;
	p->count++;
	return private ? split_put_private(&p->folder, name, bytes, err)
		       : split_put(&p->folder, name, bytes, err);
}

/* The lines of a README's first block that start with "$ ". */
static void take_next(struct project *p, struct imp_span readme)
{
	struct imp_span rest = readme;

	while (rest.len > 0 && p->nexts < PROJECT_NEXT) {
		const uint8_t *end = memchr(rest.ptr, '\n', rest.len);
		size_t len = end ? (size_t)(end - rest.ptr) : rest.len;

		if (len > 2 && memcmp(rest.ptr, "$ ", 2) == 0)
			snprintf(p->next[p->nexts++], PROJECT_COMMAND, "%.*s",
				 (int)(len - 2), (const char *)rest.ptr + 2);
		else if (p->nexts > 0)
			return;
		rest.ptr += len + (end != NULL);
		rest.len -= len + (end != NULL);
	}
}

/* What starts with a dot in a project does not in the data: packagers and other tools
 * would take it for their own. */
static const char *name_in_project(const char *name)
{
	return strcmp(name, "gitignore") == 0 ? ".gitignore" : name;
}

static int copy(struct project *p, const char *dir, const char *name,
		struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret bytes = { 0 };
	char path[PATH_MAX_LEN];
	struct stat st;
	int rc;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return 0;
	rc = imp_file_read(path, TEMPLATE_MAX, &bytes, err);
	if (rc)
		return rc;
	if (strcmp(name, "README.md") == 0)
		take_next(p, imp_secret_span(&bytes));
	return add(p, name_in_project(name), imp_secret_span(&bytes), false, err);
}

static int is_template(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return e->d_name[0] != '.' && e->d_name[len - 1] != '~';
}

/* Every file of a folder of data. */
static int copy_all(struct project *p, const char *name, struct imp_error *err)
{
	struct dirent **list = NULL;
	char dir[PATH_MAX_LEN];
	int count, rc = 0;

	data_dir(dir, sizeof(dir), name);
	count = scandir(dir, &list, is_template, alphasort);
	if (count < 0)
		rc = imp_read_failed(dir, err);
	else if (count == 0)
		rc = imp_fail(err, IMP_EUSAGE, "%s: no files there", dir);
	if (rc == -IMP_EUSAGE)
		imp_hint(err, rc, "IMPRINT_DATADIR names the folder of installed data");
	for (int i = 0; i < count; i++) {
		if (!rc)
			rc = copy(p, dir, list[i]->d_name, err);
		free(list[i]);
	}
	free(list);
	return rc;
}

static int make_key(struct project *p, struct imp_crypto *crypto, const char *name,
		    struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret private = { 0 }, public = { 0 };
	CLEANUP(imp_key_fini) struct imp_key key = { 0 };
	const struct imp_span no_pass = { 0 };
	char file[PROJECT_NAME];
	int rc = imp_key_generate(crypto, IMP_CRV_P256, IMP_CLASS_TEST, &key, err);

	if (!rc)
		rc = imp_key_pem_private(crypto, &key, no_pass, &private, err);
	if (!rc)
		rc = imp_key_pem_public(crypto, &key, &public, err);
	snprintf(file, sizeof(file), "%s.pem", name);
	if (!rc)
		rc = add(p, file, imp_secret_span(&private), true, err);
	snprintf(file, sizeof(file), "%s.pub", name);
	return rc ? rc : add(p, file, imp_secret_span(&public), false, err);
}

static int make_seed(struct project *p, struct imp_crypto *crypto, struct imp_error *err)
{
	CLEANUP(imp_secret_fini) struct imp_secret seed = { 0 };
	int rc = draw_seed(crypto, &seed, err);

	return rc ? rc : add(p, "seed.key", imp_secret_span(&seed), true, err);
}

static int fill(struct project *p, struct imp_crypto *crypto, const char *example,
		struct imp_error *err)
{
	char name[PROJECT_NAME];
	int rc;

	snprintf(name, sizeof(name), "examples/%s", example);
	rc = copy_all(p, name, err);
	if (!rc)
		rc = copy_all(p, "init", err);
	if (!rc)
		rc = make_key(p, crypto, "owner", err);
	if (!rc)
		rc = make_key(p, crypto, "factory", err);
	if (!rc)
		rc = make_seed(p, crypto, err);
	return rc ? rc : cli_check_cancel(err);
}

int project_make(struct project *p, struct imp_crypto *crypto, const char *path,
		 const char *example, struct imp_error *err)
{
	int rc;

	*p = (struct project){ 0 };
	rc = split_begin(&p->folder, path, SPLIT_EMPTY, err);
	if (!rc)
		rc = fill(p, crypto, example, err);
	if (!rc)
		rc = split_commit(&p->folder, err);
	split_abort(&p->folder);
	return rc;
}
