/* SPDX-License-Identifier: Apache-2.0 */
/* Running tests, each in a child. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "criterion.h"

/* An emulated processor is so much slower than the one that time-outs were chosen for. */
enum { SLOWER = 20 };

static struct cr_test *first;
static bool failed;

void cr_add(struct cr_test *t)
{
	t->next = first;
	first = t;
}

void cr_failed(bool fatal, const char *file, int line, const char *what, const char *fmt,
	       ...)
{
	va_list ap;

	failed = true;
	fprintf(stderr, "%s:%d: %s:", file, line, what);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	if (fatal)
		_exit(1);
}

/* What the test says itself, or else its suite. */
static struct cr_options options_of(const struct cr_test *t)
{
	struct cr_options o = t->options;

	for (const struct cr_test *s = first; s; s = s->next) {
		if (s->name || strcmp(s->suite, t->suite) != 0)
			continue;
		o.init = o.init ? o.init : s->options.init;
		o.fini = o.fini ? o.fini : s->options.fini;
		o.timeout = o.timeout > 0 ? o.timeout : s->options.timeout;
	}
	return o;
}

static void run_here(const struct cr_test *t)
{
	struct cr_options o = options_of(t);

	alarm((unsigned)(o.timeout * SLOWER));
	if (o.init)
		o.init();
	t->run();
	if (o.fini)
		o.fini();
	exit(failed);
}

static bool passes(const struct cr_test *t)
{
	int status = -1;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		run_here(t);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return false;
	if (WIFSIGNALED(status))
		fprintf(stderr, "%s: signal %d\n", t->name, WTERMSIG(status));
	return status == 0;
}

int main(void)
{
	unsigned count = 0, bad = 0;

	for (const struct cr_test *t = first; t; t = t->next) {
		bool good;

		if (!t->name)
			continue;
		good = passes(t);
		bad += !good;
		printf("%sok %u - %s::%s\n", good ? "" : "not ", ++count, t->suite,
		       t->name);
	}
	printf("1..%u\n", count);
	return bad > 0;
}
