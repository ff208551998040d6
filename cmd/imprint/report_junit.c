/* SPDX-License-Identifier: Apache-2.0 */
/* Devices as cases of a JUnit report. */
#include <string.h>

#include "report.h"

enum { TEXT = IMP_ERROR_TEXT + IMP_DIFFERENCES * REPORT_DIFFERENCE };

/* The message with its hints, and what else differs. */
static void say_failure(const struct device *d, char text[TEXT])
{
	size_t n = (size_t)snprintf(text, TEXT, "%s", d->err.msg);
	char more[REPORT_DIFFERENCE];

	for (size_t i = 1; i < d->appraisal.count; i++) {
		report_difference(&d->appraisal.difference[i], more);
		n += (size_t)snprintf(text + n, TEXT - n, "\n%s", more);
	}
}

static struct imp_span first_line(const char *text)
{
	return (struct imp_span){ (const uint8_t *)text, strcspn(text, "\n") };
}

void report_junit(struct junit *junit, const struct device *d)
{
	char name[512], text[TEXT] = "";
	struct junit_case c = {
		.name = d->name[0] ? name : d->uri,
		.took_ns = d->took_ns,
		.status = (unsigned)-d->rc,
		.skipped = d->dry,
		.message = first_line(d->rc ? d->err.msg : d->says),
	};

	/* Of two ports with one name both are told. */
	snprintf(name, sizeof(name), "%s (%s)", d->name, d->uri);
	if (d->rc)
		say_failure(d, text);
	c.text = imp_span_str(text);
	junit_add(junit, &c);
}
