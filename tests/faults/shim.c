/* SPDX-License-Identifier: Apache-2.0 */
/* Counting, tracing and failing; memory, threads and clocks. */
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "shim.h"

static const char *const names[CALLS] = {
	"open",	 "write", "sync",  "close", "rename", "link",  "unlink",
	"mkdir", "read",  "alloc", "own",   "thread", "clock",
};

enum { ANY = CALLS, TRACE_FD = 900 };

static struct {
	int call; /* enum call, ANY, or -1 */
	unsigned long first, last;
	int what;
} fault = { .call = -1 };

static atomic_ulong count[CALLS], changes;
static int trace = -1;
static atomic_long clock_s = -1;
static long clock_step;

static bool is_change(enum call call)
{
	return call <= MKDIR;
}

static void say(unsigned long change, enum call call, unsigned long n, const char *path,
		const char *second)
{
	char line[9000];
	int len = snprintf(line, sizeof(line), "%lu\t%s\t%lu\t%s\t%s\n", change,
			   names[call], n, path, second);

	syscall(SYS_write, trace, line, (size_t)len);
}

/* Count this call; WHAT where it must fail, else 0. */
int hit(enum call call, const char *path, const char *second)
{
	unsigned long n = ++count[call], change = is_change(call) ? ++changes : 0;
	unsigned long i = fault.call == ANY ? change : n;
	bool now = (fault.call == (int)call || (fault.call == ANY && is_change(call))) &&
		   i >= fault.first && i <= fault.last;

	if (now && fault.what == KILL)
		kill(getpid(), SIGKILL);
	if (trace >= 0 && call != ALLOC && call != OWN)
		say(change, call, n, path, second);
	return now ? fault.what : 0;
}

bool fails(int what)
{
	if (what > 0)
		errno = what;
	return what > 0;
}

struct name {
	char at[4096];
};

/* Where a descriptor leads, or a name below one; nothing where nobody wants to know. */
static const char *path_of(int fd, const char *below, struct name *out)
{
	char link[64];
	ssize_t n = 0;

	out->at[0] = '\0';
	if (trace < 0)
		return out->at;
	if (below && below[0] == '/')
		fd = -1;
	if (fd != -1) {
		snprintf(link, sizeof(link),
			 fd == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", fd);
		n = readlink(link, out->at, sizeof(out->at) - 1);
		out->at[n > 0 ? n : 0] = '\0';
	}
	if (below)
		snprintf(out->at + (n > 0 ? n : 0), sizeof(out->at) - (size_t)n, "%s%s",
			 n > 0 ? "/" : "", below);
	return out->at;
}

int hit_fd(enum call call, int fd)
{
	struct name a;

	return hit(call, path_of(fd, NULL, &a), "");
}

int hit_at(enum call call, int fd, const char *path)
{
	struct name a;

	return hit(call, path_of(fd, path, &a), "");
}

int hit_two(enum call call, int from_fd, const char *from, int to_fd, const char *to)
{
	struct name a, b;

	return hit(call, path_of(from_fd, from, &a), path_of(to_fd, to, &b));
}

/* Memory and threads. A sanitizer's own calls, where the command has them, else libc's.
 */

#define OTHER(name) __attribute__((weak)) extern __typeof__(name) __interceptor_##name
OTHER(malloc);
OTHER(calloc);
OTHER(realloc);
OTHER(pthread_create);
extern __typeof__(malloc) __libc_malloc;
extern __typeof__(calloc) __libc_calloc;
extern __typeof__(realloc) __libc_realloc;

/* Where code lies: of the command, and of the libraries that ask for themselves. */
static struct range {
	uintptr_t from, to;
} command, others[2];

static bool is_in(const struct range *r, const void *code)
{
	return (uintptr_t)code >= r->from && (uintptr_t)code < r->to;
}

static int note_code(struct dl_phdr_info *info, size_t size, void *ctx)
{
	struct range *r = strstr(info->dlpi_name, "/libcrypto.so") ? &others[0]
			  : strstr(info->dlpi_name, "/libyaml")	   ? &others[1]
			  : info->dlpi_name[0] == '\0'		   ? &command
								   : NULL;

	(void)size;
	(void)ctx;
	for (unsigned i = 0; r && i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
		    (info->dlpi_phdr[i].p_flags & PF_X)) {
			r->from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
			r->to = r->from + info->dlpi_phdr[i].p_memsz;
		}
	return 0;
}

static __thread bool spared;

/* A sanitizer that asks for the stack of a new thread does not live without memory. */
int pthread_getattr_np(pthread_t thread, pthread_attr_t *attr)
{
	int bad;

	spared = true;
	bad = NEXT(pthread_getattr_np)(thread, attr);
	spared = false;
	return bad;
}

static bool no_memory(const void *caller)
{
	if (spared)
		return false;
	return fails(hit(ALLOC, "", "")) ||
	       (!is_in(&others[0], caller) && !is_in(&others[1], caller) &&
		fails(hit(OWN, "", "")));
}

/* OpenSSL asks by a function of the command's, which stands between them where a
 * sanitizer keeps frames. */
#define NO_MEMORY()                                                                   \
	no_memory(__interceptor_malloc &&is_in(&command, __builtin_return_address(0)) \
			  ? __builtin_return_address(1)                               \
			  : __builtin_return_address(0))

void *malloc(size_t len)
{
	if (NO_MEMORY())
		return NULL;
	return __interceptor_malloc ? __interceptor_malloc(len) : __libc_malloc(len);
}

void *calloc(size_t n, size_t len)
{
	if (NO_MEMORY())
		return NULL;
	return __interceptor_calloc ? __interceptor_calloc(n, len)
				    : __libc_calloc(n, len);
}

void *realloc(void *old, size_t len)
{
	if (NO_MEMORY())
		return NULL;
	return __interceptor_realloc ? __interceptor_realloc(old, len)
				     : __libc_realloc(old, len);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
		   void *arg)
{
	int what = hit(THREAD, "", "");

	if (what > 0)
		return what;
	return __interceptor_pthread_create
		       ? __interceptor_pthread_create(thread, attr, run, arg)
		       : NEXT(pthread_create)(thread, attr, run, arg);
}

/* Clocks. */

static bool look(time_t *s)
{
	hit(CLOCK, "", "");
	if (clock_s < 0)
		return false;
	*s = atomic_fetch_add(&clock_s, clock_step);
	return true;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
	time_t s;
	int bad = NEXT(clock_gettime)(id, t);

	if ((id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) && look(&s))
		*t = (struct timespec){ .tv_sec = s };
	return bad;
}

time_t time(time_t *t)
{
	time_t s;

	if (!look(&s))
		return NEXT(time)(t);
	if (t)
		*t = s;
	return s;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
	time_t s;
	int bad = NEXT(gettimeofday)(t, zone);

	if (look(&s))
		*t = (struct timeval){ .tv_sec = s };
	return bad;
}

/* What is asked for, from the environment. */

static int call_of(const char *name)
{
	for (int i = 0; i < CALLS; i++)
		if (strcmp(name, names[i]) == 0)
			return i;
	return strcmp(name, "change") == 0 ? ANY : -1;
}

static void read_fault(const char *text)
{
	char name[16], range[32], what[16], *end;

	if (sscanf(text, "%15[^:]:%31[^:]:%15s", name, range, what) != 3 ||
	    call_of(name) < 0) {
		fprintf(stderr, "FAULT=%s: not CALL:FIRST:WHAT\n", text);
		_exit(99);
	}
	fault.first = fault.last = strtoul(range, &end, 10);
	if (*end == '+')
		fault.last = -1ul;
	if (*end == '-')
		fault.last = strtoul(end + 1, NULL, 10);
	fault.what = strcmp(what, "short") == 0	 ? SHORT
		     : strcmp(what, "kill") == 0 ? KILL
						 : (int)strtol(what, NULL, 10);
	fault.call = call_of(name);
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("FAULT_TRACE"), *clock = getenv("FAULT_TIME");
	char *end;
	int fd;

	if (clock) {
		clock_s = strtol(clock, &end, 10);
		clock_step = *end == ':' ? strtol(end + 1, NULL, 10) : 0;
	}
	if (path) {
		fd = (int)syscall(SYS_openat, AT_FDCWD, path,
				  O_WRONLY | O_CREAT | O_APPEND, 0600);
		trace = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, TRACE_FD);
		syscall(SYS_close, fd);
	}
	dl_iterate_phdr(note_code, NULL);
	take_stdout();
	memset(count, 0, sizeof(count));
	changes = 0;
	if (getenv("FAULT"))
		read_fault(getenv("FAULT"));
}

__attribute__((destructor)) static void end(void)
{
	if (trace < 0)
		return;
	say(0, ALLOC, count[ALLOC], "", "");
	say(0, OWN, count[OWN], "", "");
}
