/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated devices, told one by one. */
#include <stdio.h>
#include <string.h>

#include "announce.h"
#include "json.h"

/* Its name where it is on that transport, else NULL. */
static const char *name_on(const struct imp_sim_info *i, const char *start)
{
	return strncmp(i->name, start, strlen(start)) == 0 ? i->name : NULL;
}

static void announce_json(const struct imp_sim_info *i, const char *serial)
{
	struct json j = { .f = stdout, .first = true };

	json_open(&j, NULL, '{');
	json_str(&j, "device", i->link);
	json_str(&j, "tty", name_on(i, "/"));
	json_str(&j, "tcp", name_on(i, "tcp:"));
	json_str(&j, "usb", name_on(i, "usb:"));
	json_str(&j, "imei", i->imei);
	json_str(&j, "serial", serial);
	json_hex(&j, "ueid", i->ueid);
	json_hex(&j, "kid", IMP_SPAN(i->kid));
	json_bool(&j, "endorsed", i->endorsed);
	json_uint(&j, "boot", i->boot);
	json_close(&j, '}');
	putchar('\n');
}

static void announce_text(const struct imp_sim_info *i, const char *serial)
{
	if (!name_on(i, "/"))
		printf("%-22s ", i->name);
	printf("%-12s imei %s  %s%s\n", i->link, i->imei, serial,
	       i->endorsed ? "  endorsed" : "");
}

void announce(const struct imp_sim *sim, const struct imp_sim_identity *identity,
	      size_t count, bool json)
{
	for (size_t i = 0; i < count; i++) {
		struct imp_sim_info info;

		imp_sim_info(sim, i, &info);
		if (json)
			announce_json(&info, identity[i].serial);
		else
			announce_text(&info, identity[i].serial);
	}
	if (json)
		printf("{\"ready\":%zu}\n", count);
	else
		printf("ready: %zu simulated devices with test keys; Ctrl-C ends them\n",
		       count);
	fflush(stdout);
}
