/* SPDX-License-Identifier: Apache-2.0 */
/* Modems: looking up, letting go. */
#include <stdlib.h>
#include <string.h>

#include "model/modem.h"

struct imp_at_command *imp_modem_command(const struct imp_modem *m, const char *name)
{
	for (size_t i = 0; i < m->commands; i++)
		if (strcmp(m->command[i].name, name) == 0)
			return &m->command[i];
	return NULL;
}

void imp_at_command_fini(struct imp_at_command *c)
{
	for (size_t i = 0; i < c->parameters; i++) {
		struct imp_at_parameter *p = &c->parameter[i];

		for (size_t k = 0; k < p->maps; k++)
			free(p->map[k].text);
		free(p->map);
	}
	free(c->name);
	free(c->command);
	free(c->note);
	*c = (struct imp_at_command){ 0 };
}

void imp_modem_fini(struct imp_modem *m)
{
	for (size_t i = 0; i < m->commands; i++)
		imp_at_command_fini(&m->command[i]);
	free(m->command);
	free(m->name);
	*m = (struct imp_modem){ 0 };
}
