/* SPDX-License-Identifier: Apache-2.0 */
/* Reading which USB interfaces are devices. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "source/describe.h"
#include "source/usb_table.h"

static int number_or_any(struct reading *r, const struct imp_yaml *n, int64_t max)
{
	int64_t v = 0;

	return n && number_of(r, n, 0, max, &v) ? (int)v : IMP_USB_ANY;
}

static void read_row(struct reading *r, const struct imp_yaml *n, struct imp_usb_table *t)
{
	static const char *const keys[] = { "name",	"vendor",   "product",
					    "subclass", "protocol", "interface",
					    NULL };
	const struct imp_yaml *interface = imp_yaml_get(n, "interface"),
			      *vendor = imp_yaml_get(n, "vendor"),
			      *product = imp_yaml_get(n, "product");
	struct imp_usb_id id = { .vendor = number_or_any(r, vendor, UINT16_MAX),
				 .product = number_or_any(r, product, UINT16_MAX) };

	check_keys(r, n, keys);
	id.subclass = number_or_any(r, imp_yaml_get(n, "subclass"), UINT8_MAX);
	id.protocol = number_or_any(r, imp_yaml_get(n, "protocol"), UINT8_MAX);
	if (interface && (!interface->text || !*interface->text))
		imp_diag(r->diags, interface->mark, "expected the interface's text");
	if (!interface && (!vendor || !product))
		imp_diag(r->diags, n->mark,
			 "would take other people's devices: expected vendor and "
			 "product, or interface");
	if (interface)
		t->interface[t->ids.count] = text_of(r, interface->text);
	id.interface = t->interface[t->ids.count];
	t->row[t->ids.count++] = id;
}

static void read_rows(struct reading *r, const struct imp_yaml *root,
		      struct imp_usb_table *t)
{
	static const char *const keys[] = { "interfaces", NULL };
	const struct imp_yaml *rows = imp_yaml_get(root, "interfaces");

	check_keys(r, root, keys);
	if (!rows || rows->kind != IMP_YAML_LIST ||
	    rows->count > IMP_USB_ROWS - t->ids.count) {
		imp_diag(r->diags, rows ? rows->mark : root->mark,
			 "expected {interfaces: [...]} of at most %zu rows",
			 IMP_USB_ROWS - t->ids.count);
		return;
	}
	for (const struct imp_yaml *n = rows->child; n; n = n->next)
		if (n->kind == IMP_YAML_MAP)
			read_row(r, n, t);
		else
			imp_diag(r->diags, n->mark,
				 "expected {vendor: N, product: N} or {interface: TEXT}");
}

int imp_usb_table_read(struct imp_usb_table *t, const char *path, struct imp_secret *text,
		       struct imp_error *err)
{
	CLEANUP(imp_diag_fini) struct imp_diags diags = { .file = path };
	CLEANUP(imp_secret_fini) struct imp_secret bytes = { 0 };
	struct imp_yaml *root = NULL;
	struct reading r = { .diags = &diags };
	int rc = imp_file_read(path, IMP_YAML_MAX + 1, &bytes, err);

	t->ids.row = t->row;
	if (!rc)
		rc = imp_yaml_parse(imp_secret_span(&bytes), &diags, &root, err);
	if (!rc && root)
		read_rows(&r, root, t);
	imp_yaml_free(&root);
	if (!rc && r.out_of_memory)
		rc = imp_fail(err, IMP_ERESOURCE, "%s: out of memory", path);
	return rc ? rc : imp_diag_end(&diags, imp_secret_span(&bytes), text, err);
}

void imp_usb_table_fini(struct imp_usb_table *t)
{
	for (size_t i = 0; i < IMP_USB_ROWS; i++)
		free(t->interface[i]);
	*t = (struct imp_usb_table){ 0 };
}
