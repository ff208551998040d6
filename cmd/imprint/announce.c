/* SPDX-License-Identifier: Apache-2.0 */
/* Simulated devices, told one by one. */
#include <stdio.h>

#include "announce.h"
#include "json.h"

static bool is_tcp(const struct imp_sim_info *i)
{
	return i->name[0] != '/';
}

static void announce_json(const struct imp_sim_info *i, const char *serial)
{
	struct json j = { .f = stdout, .first = true };

	json_open(&j, NULL, '{');
	json_str(&j, "device", i->link);
	json_str(&j, "tty", is_tcp(i) ? NULL : i->name);
	json_str(&j, "tcp", is_tcp(i) ? i->name : NULL);
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
	if (is_tcp(i))
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
