/* SPDX-License-Identifier: Apache-2.0 */
/* What only TCP has: names, lookups, connections that come about slowly or not at all. */
#include <criterion/criterion.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cases.h"
#include "transport/stream.h"
#include "transport/tcp.h"

/* A resolver that does as it is told: addresses pass, names are answered below. */
static struct {
	pthread_mutex_t lock;
	bool slow; /* a name takes longer than anybody waits */
	int says;  /* EAI_...; 0: this list */
	struct addrinfo list[3];
	struct sockaddr_in at[3];
	unsigned asked;
} names = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void pass_on(const char *host, const char *port, struct addrinfo *out,
		    struct sockaddr_in *at)
{
	*at = (struct sockaddr_in){ .sin_family = AF_INET,
				    .sin_port =
					    htons((uint16_t)strtoul(port, NULL, 10)) };
	at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*out = (struct addrinfo){ .ai_family = AF_INET,
				  .ai_socktype = SOCK_STREAM,
				  .ai_addr = (struct sockaddr *)at,
				  .ai_addrlen = sizeof(*at) };
	(void)host;
}

int getaddrinfo(const char *restrict host, const char *restrict port,
		const struct addrinfo *restrict want, struct addrinfo **restrict out)
{
	static struct addrinfo numeric;
	static struct sockaddr_in at;
	bool slow;

	if (strspn(host, "0123456789.") == strlen(host)) {
		pass_on(host, port, &numeric, &at);
		*out = &numeric;
		return 0;
	}
	if (want->ai_flags & AI_NUMERICHOST)
		return EAI_NONAME;
	pthread_mutex_lock(&names.lock);
	names.asked++;
	slow = names.slow;
	pthread_mutex_unlock(&names.lock);
	if (slow)
		sleep(1);
	*out = names.list;
	return names.says;
}

void freeaddrinfo(struct addrinfo *list)
{
	(void)list;
}

static struct rig rig;
static struct host host;

static void up(void)
{
	rig_start(&rig, &rig_tcp);
	host_start(&host, &rig);
}

static void down(void)
{
	host_stop(&host);
	rig_stop(&rig);
}

TestSuite(tcp_line, .init = up, .fini = down, .timeout = 30);

static int open_at(const char *uri, unsigned ms)
{
	const struct imp_wait wait = host_within(&host, ms);

	return imp_transport_open(&host.t, uri, NULL, &wait, &host.err);
}

static void fails(const char *uri, enum imp_code code, const char *words)
{
	int rc = open_at(uri, 2000);

	cr_assert_eq(rc, -(int)code, "%s: %d %s", uri, rc, host.err.msg);
	cr_assert(strstr(host.err.msg, words), "%s", host.err.msg);
	cr_assert_null(host.t);
}

Test(tcp_line, names_are_read_as_they_are_written)
{
	static const struct {
		const char *text, *host, *port, *back;
	} good[] = {
		{ "a:1", "a", "1", "a:1" },
		{ "10.0.0.1:65535", "10.0.0.1", "65535", "10.0.0.1:65535" },
		{ "[::1]:80", "::1", "80", "[::1]:80" },
		{ "[fe80::1%eth0]:0080", "fe80::1%eth0", "80", "[fe80::1%eth0]:80" },
	};
	static const char *const bad[] = { "",	   "a",	      ":1",    "a:",	  "a:x",
					   "a:1x", "a:65536", "::1:1", "[]:1",	  "a:-1",
					   "a: 1", "[::1]",   "a:b:1", "a:000001" };
	struct imp_tcp_where w;
	char back[64];

	for (size_t i = 0; i < COUNTOF(good); i++) {
		cr_assert(imp_tcp_where(good[i].text, &w), "%s", good[i].text);
		cr_assert_str_eq(w.host, good[i].host);
		cr_assert_str_eq(w.port, good[i].port);
		cr_assert(imp_tcp_text(&w, back, sizeof(back)));
		cr_assert_str_eq(back, good[i].back);
	}
	for (size_t i = 0; i < COUNTOF(bad); i++) {
		char uri[64] = "tcp:";

		cr_assert_not(imp_tcp_where(bad[i], &w), "%s", bad[i]);
		fails(strncat(uri, bad[i], 32), IMP_EUSAGE, "expected HOST:PORT");
	}
	fails("tcp:a:0", IMP_EUSAGE, "expected HOST:PORT");
}

Test(tcp_line, each_way_of_not_connecting_has_its_words)
{
	names.says = EAI_NONAME;
	fails("tcp:nobody:1", IMP_ETRANSPORT, "tcp:nobody:1: no host of that name");
	names.says = EAI_AGAIN;
	fails("tcp:nobody:1", IMP_ETRANSPORT, "no server for names answers");
	rig_tcp.unplug(&rig);
	fails(rig.uri, IMP_ETRANSPORT, "refused, nothing listens there\nhint: ");
}

Test(tcp_line, a_lookup_ends_at_the_deadline_and_at_a_cancel)
{
	uint64_t from = host_ms();
	pthread_t id;

	names.slow = true;
	cr_assert_eq(open_at("tcp:slow:1", 150), -IMP_ETRANSPORT);
	cr_assert(strstr(host.err.msg, "not found in the time given"), "%s",
		  host.err.msg);
	id = host_cancel_in(&host, 50);
	cr_assert_eq(open_at("tcp:slow:1", 10000), -IMP_EINTERRUPTED);
	host_uncancel(&host, id);
	cr_assert_lt(host_ms() - from, host_slowly(900));
	cr_assert_eq(names.asked, 2);
	sleep(2); /* both threads end, and nobody waits for them: a leak would show */
}

/* A listener whose queue is full answers nobody. */
static int full_listener(char *uri, size_t cap)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	cr_assert_eq(listen(fd, 0), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	for (int i = 0; i < 4; i++) {
		int other = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

		(void)connect(other, (struct sockaddr *)&at, sizeof(at));
	}
	snprintf(uri, cap, "tcp:127.0.0.1:%u", ntohs(at.sin_port));
	usleep(50000);
	return fd;
}

Test(tcp_line, a_connection_that_nobody_answers_ends_at_the_deadline_and_at_a_cancel)
{
	char uri[64];
	int fd = full_listener(uri, sizeof(uri));
	uint64_t from = host_ms();
	pthread_t id;

	cr_assert_eq(open_at(uri, 200), -IMP_ETRANSPORT);
	cr_assert(strstr(host.err.msg, "nothing answers there"), "%s", host.err.msg);
	id = host_cancel_in(&host, 50);
	cr_assert_eq(open_at(uri, 10000), -IMP_EINTERRUPTED);
	host_uncancel(&host, id);
	cr_assert_lt(host_ms() - from, host_slowly(2000));
	close(fd);
}

static void name_is(size_t i, const char *port)
{
	pass_on("", port, &names.list[i], &names.at[i]);
	if (i > 0)
		names.list[i - 1].ai_next = &names.list[i];
}

Test(tcp_line, each_address_of_a_name_is_tried)
{
	char silent[64];
	int fd = full_listener(silent, sizeof(silent));

	name_is(0, strrchr(silent, ':') + 1); /* answers nobody: costs its share */
	name_is(1, "1");		      /* refuses */
	name_is(2, strrchr(rig.uri, ':') + 1);
	cr_assert_eq(open_at("tcp:many:7", 1500), 0, "%s", host.err.msg);
	cr_assert_eq(host_write(&host, IMP_TEXT("hello"), 1000), 0);
	cr_assert(device_wait(&rig.device, 5));
	close(fd);
}

Test(tcp_line, requests_leave_at_once_and_a_dead_peer_is_noticed)
{
	static const int want[][2] = { { IPPROTO_TCP, TCP_NODELAY },
				       { SOL_SOCKET, SO_KEEPALIVE },
				       { IPPROTO_TCP, TCP_USER_TIMEOUT } };
	int idle = 0, value = 0;
	socklen_t len = sizeof(int);

	cr_assert_eq(host_open(&host), 0, "%s", host.err.msg);
	for (size_t i = 0; i < COUNTOF(want); i++) {
		cr_assert_eq(getsockopt(((struct stream *)host.t)->fd, want[i][0],
					want[i][1], &value, &len),
			     0);
		cr_assert_neq(value, 0);
	}
	cr_assert_eq(getsockopt(((struct stream *)host.t)->fd, IPPROTO_TCP, TCP_KEEPIDLE,
				&idle, &len),
		     0);
	cr_assert_leq(idle, 30);
}

Test(tcp_line, a_listener_takes_any_port_or_says_why_not)
{
	struct imp_tcp_where any, same;
	int fd, other;

	cr_assert(imp_tcp_where("127.0.0.1:0", &any));
	cr_assert_eq(imp_tcp_listen(&any, &fd, NULL), 0);
	cr_assert_str_neq(any.port, "0");
	same = any;
	cr_assert_eq(imp_tcp_listen(&same, &other, &host.err), -IMP_ETRANSPORT);
	cr_assert(strstr(host.err.msg, "in use"), "%s", host.err.msg);
	close(fd);
}
