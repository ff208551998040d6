/* SPDX-License-Identifier: Apache-2.0 */
/* What ports of all kinds have in common. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/port.h"

/* A link that is there already may be left over from a simulation that was killed. */
int sim_port_put_link(const struct sim_port *p, struct imp_error *err)
{
	struct stat st;

	if (lstat(p->link, &st) == 0) {
		if (!S_ISLNK(st.st_mode))
			return imp_fail(err, IMP_EUSAGE,
					"%s: exists, and is not the link of a simulated "
					"device",
					p->link);
		(void)unlink(p->link);
	}
	if (symlink(p->name, p->link) != 0)
		return imp_fail(err, IMP_ERESOURCE, "%s: %s", p->link, strerror(errno));
	return 0;
}

void sim_port_init(struct sim_port *p, const struct sim_port_ops *ops)
{
	*p = (struct sim_port){ .ops = ops, .fd = -1, .door = -1, .slave = -1 };
	p->framing = ops->framing;
}

bool sim_port_is_plugged(const struct sim_port *p)
{
	return p->fd >= 0 || p->door >= 0;
}

void sim_port_fini(struct sim_port *p)
{
	if (p->ops && sim_port_is_plugged(p))
		p->ops->unplug(p);
	if (p->ops && p->ops->free)
		p->ops->free(p);
	free(p->link);
	p->link = NULL;
}
