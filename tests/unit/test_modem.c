/* SPDX-License-Identifier: Apache-2.0 */
/* AT commands from settings: to the character, and refused where they could be wrong. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "source/at.h"
#include "source/catalog.h"
#include "source/modem.h"
#include "source/profile_source.h"
#include "source/wording.h"

static struct imp_catalog catalog;
static struct imp_modem modem;
static struct imp_profile_source source;
static struct imp_crypto *crypto;
static struct imp_secret mistakes, text;
static struct imp_error err;
static struct imp_profile profile;
static char said[8192]; /* what was made, a line each */

static void setup(void)
{
	char dir[4096];

	snprintf(dir, sizeof(dir), "%s/objects", getenv("IMPRINT_DATADIR"));
	cr_assert_eq(imp_catalog_read(&catalog, dir, &mistakes, &err), 0, "%s", err.msg);
	cr_assert_eq(imp_crypto_new(&crypto, &err), 0);
}

static void teardown(void)
{
	imp_modem_fini(&modem);
	imp_catalog_fini(&catalog);
	imp_profile_source_fini(&source);
	imp_crypto_free(&crypto);
	imp_secret_fini(&mistakes);
	imp_secret_fini(&text);
}

static void use(const char *name)
{
	char path[4096];

	imp_modem_fini(&modem);
	snprintf(path, sizeof(path), "%s/modems/%s.yaml", getenv("IMPRINT_DATADIR"),
		 name);
	cr_assert_eq(imp_modem_read(&modem, path, &catalog, &mistakes, &err), 0, "%s",
		     err.msg);
}

static const char *told(void)
{
	text.len = 0;
	cr_assert_eq(imp_mistakes_text(imp_secret_span(&mistakes), &text, &err), 0);
	cr_assert_eq(imp_secret_append(&text, IMP_SPAN("\0"), &err), 0);
	return (const char *)text.ptr;
}

/* Compile these settings; `profile` has them afterwards. */
static void settings(const char *yaml)
{
	static uint8_t seed[32];
	static const char *const set[] = { "pin=hidden.example" };
	char path[32], dir[4096], *all;
	struct imp_build_options o = { .path = path,
				       .objects = dir,
				       .set = set,
				       .sets = 1,
				       .seed = IMP_SPAN(seed) };
	int fd = memfd_create("profile", 0), rc;
	struct imp_span payload = { 0 };

	cr_assert(asprintf(&all,
			   "imprint: 1\ndomain: 0\nsequence: 1\n"
			   "target: {imei: \"490154203237518\"}\n"
			   "variables: {pin: {type: text}}\nsettings:\n%s",
			   yaml) > 0);
	cr_assert_eq(write(fd, all, strlen(all)), (ssize_t)strlen(all));
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	snprintf(dir, sizeof(dir), "%s/objects", getenv("IMPRINT_DATADIR"));
	imp_profile_source_fini(&source);
	mistakes.len = 0;
	rc = imp_profile_source_open(&source, crypto, &o, NULL, &mistakes, &err);
	if (!rc)
		rc = imp_profile_source_build(&source, NULL, &payload, &mistakes, &err);
	cr_assert_eq(rc, 0, "%s: %s%s", yaml, told(), err.msg);
	cr_assert_eq(imp_profile_decode(payload, &profile, &err), 0);
	close(fd);
	free(all);
}

static int note(void *ctx, const struct imp_at *at, struct imp_error *e)
{
	const struct imp_span *s = ctx ? &at->shown : &at->line;
	size_t n = strlen(said);

	(void)e;
	if (at->why[0])
		snprintf(said + n, sizeof(said) - n, "-%s: %s\n", at->command->command,
			 at->why);
	else
		snprintf(said + n, sizeof(said) - n, "%.*s\n", (int)s->len,
			 (const char *)s->ptr);
	return 0;
}

static const char *made_of(struct imp_span encoded, struct imp_span marks, bool shown)
{
	const struct imp_at_job job = { &modem, &catalog, encoded, marks };

	said[0] = '\0';
	cr_assert_eq(imp_at_make(&job, note, shown ? said : NULL, &err), 0, "%s",
		     err.msg);
	return said;
}

static const char *made(const char *yaml)
{
	settings(yaml);
	return made_of(profile.settings, IMP_SPAN(source.marks), false);
}

struct becomes {
	const char *yaml, *at;
};

static void check_all(const struct becomes *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cr_assert_str_eq(made(cases[i].yaml), cases[i].at, "%s: %s",
				 cases[i].yaml, said);
}

TestSuite(modem, .init = setup, .fini = teardown);

Test(modem, the_commands_of_3gpp_to_the_character)
{
	static const struct becomes cases[] = {
		{ " cellular: {psm-timer: 10h, active-timer: 20s, power-saving: [psm]}\n",
		  "AT+CPSMS=1,,,\"00101010\",\"00001010\"\nAT+CEDRXS=0\n" },
		{ " cellular: {psm-timer: 70h, active-timer: 4m, power-saving: psm}\n",
		  "AT+CPSMS=1,,,\"01000111\",\"00100100\"\nAT+CEDRXS=0\n" },
		{ " cellular: {power-saving: []}\n", "AT+CPSMS=0\nAT+CEDRXS=0\n" },
		/* Modes by AcT-type: 2 A/Gb, 3 Iu, 4 WB-S1, 5 NB-S1. */
		{ " cellular: {power-saving: [edrx], edrx-ab: {hex: \"09\"},"
		  " edrx-iu: {cycle: 20.48s, window: 1s},"
		  " edrx-wb: {cycle: 5.12s, window: 1.28s},"
		  " edrx-nb: {cycle: 81.92s, window: 10.24s}}\n",
		  "AT+CPSMS=0\nAT+CEDRXS=1,2,\"1001\"\nAT+CEDRXS=1,3,\"0001\"\n"
		  "AT+CEDRXS=1,4,\"0000\"\nAT+CEDRXS=1,5,\"0101\"\n" },
		/* LwM2M: 0 non-IP, 1 IPv4, 2 IPv6, 3 both; 0 PAP, 1 CHAP, 3 none. */
		{ " apn/0: {name: a, apn: a.example, auth: none, pdn-type: ipv4}\n"
		  " apn/1: {name: b, auth: none, pdn-type: non-ip}\n"
		  " apn/7: {name: c, apn: c.example, auth: none, pdn-type: ipv4v6}\n",
		  "AT+CGDCONT=1,\"IP\",\"a.example\"\nAT+CGDCONT=2,\"Non-IP\"\n"
		  "AT+CGDCONT=8,\"IPV4V6\",\"c.example\"\n"
		  "AT+CGAUTH=1,0\nAT+CGAUTH=2,0\nAT+CGAUTH=8,0\n" },
		{ " apn/0: {name: a, auth: pap, user: u, secret: \"p;,w\"}\n"
		  " apn/1: {name: b, auth: chap, user: v, secret: w, pdn-type: ipv6}\n",
		  "AT+CGDCONT=2,\"IPV6\"\nAT+CGAUTH=1,1,\"u\",\"p;,w\"\n"
		  "AT+CGAUTH=2,2,\"v\",\"w\"\n" },
		/* One for all instances: control plane 1, user plane 2. */
		{ " apn/0: {name: a, auth: none, rats: [nb-iot-cp, gprs]}\n"
		  " apn/1: {name: b, auth: none, rats: [lte-up]}\n",
		  "AT+CGAUTH=1,0\nAT+CGAUTH=2,0\nAT+CCIOTOPT=0,3\n" },
		{ " apn/0: {name: a, auth: none, rats: [lte-cp, nb-iot-cp]}\n",
		  "AT+CGAUTH=1,0\nAT+CCIOTOPT=0,1\n" },
		{ " bearer: {operators: [00101], operators-only: true}\n",
		  "AT+COPS=1,2,\"00101\"\n" },
		{ " bearer: {operators: [310410], operators-only: false}\n",
		  "AT+COPS=4,2,\"310410\"\n" },
		{ " server/0: {short-id: 1, lifetime: 1d, store: true, binding: U}\n",
		  "" },
	};

	use("3gpp");
	check_all(cases, COUNTOF(cases));
}

Test(modem, what_is_missing_or_cannot_be_said_is_left_out_by_name)
{
	static const struct becomes cases[] = {
		{ " cellular: {psm-timer: 10h, active-timer: 20s}\n",
		  "-+CPSMS: power-saving is missing\n" },
		{ " cellular: {psm-timer: 10h, power-saving: [psm]}\n",
		  "-+CPSMS: active-timer is missing\nAT+CEDRXS=0\n" },
		{ " cellular: {edrx-nb: {cycle: 81.92s, window: 10.24s}}\n",
		  "-+CEDRXS: power-saving is missing\n" },
		{ " apn/0: {name: a, apn: a.example, auth: none}\n",
		  "-+CGDCONT: pdn-type is missing\nAT+CGAUTH=1,0\n" },
		{ " apn/0: {name: a, auth: pap-or-chap, user: u, secret: p}\n",
		  "-+CGAUTH: auth has a value that it cannot say\n" },
		{ " apn/0: {name: a, auth: none, rats: [gprs]}\n",
		  "AT+CGAUTH=1,0\n-+CCIOTOPT: rats has none of the values that it "
		  "says\n" },
		{ " bearer: {operators: [00101, 310410], operators-only: true}\n",
		  "-+COPS: operators is not the 5 or 6 digits of one network\n" },
		{ " bearer: {operators: [00101]}\n",
		  "-+COPS: operators-only is missing\n" },
		{ " bearer: {bearers: [lte]}\n", "" },
		{ " apn/0: {name: a, auth: pap, user: \"\u00fc\", secret: p}\n",
		  "-+CGAUTH: user has characters that AT strings do not carry (V.250 "
		  "5.4.2.2)\n" },
	};

	use("3gpp");
	check_all(cases, COUNTOF(cases));
}

/* V.250 5.4.2.2: \22 and \5C, and nothing where the modem does not promise them. */
Test(modem, quotes_and_backslashes_are_escaped_or_refused)
{
	const char *yaml = " apn/0: {name: a, auth: pap, user: 'a\"b', secret: 'c\\d'}\n";

	use("3gpp");
	cr_assert_str_eq(made(yaml), "AT+CGAUTH=1,1,\"a\\22b\",\"c\\5Cd\"\n");
	use("nrf91");
	cr_assert_str_eq(made(yaml),
			 "-+CGAUTH: user has a quote or a backslash, which this modem "
			 "does not take\n");
}

Test(modem, a_vendor_adds_drops_and_counts_in_its_own_way)
{
	use("nrf91");
	cr_assert_str_eq(
		made(" cellular: {power-saving: [edrx],"
		     " edrx-iu: {cycle: 20.48s, window: 1s},"
		     " edrx-wb: {cycle: 20.48s, window: 2.56s},"
		     " edrx-nb: {cycle: 81.92s, window: 10.24s}}\n"
		     " apn/0: {name: a, apn: a.example, auth: none, pdn-type: ipv4, "
		     "rats: [lte-cp]}\n"),
		"AT+CPSMS=0\nAT+CEDRXS=1,4,\"0010\"\nAT+CEDRXS=1,5,\"0101\"\n"
		"AT+CGDCONT=0,\"IP\",\"a.example\"\nAT+CGAUTH=0,0\n"
		"AT%XPTW=4,\"0001\"\nAT%XPTW=5,\"0011\"\n");
	cr_assert_str_eq(made(" bearer: {operators: [00101], operators-only: true}\n"),
			 "AT+COPS=1,2,\"00101\"\n");
	cr_assert_str_eq(made(" bearer: {operators: [00101], operators-only: false}\n"),
			 "-+COPS: operators-only has a value that it cannot say\n");
}

Test(modem, secrets_are_sent_and_not_shown)
{
	use("3gpp");
	settings(" apn/0: {name: a, apn: \"${pin}\", auth: chap, user: MARKER,"
		 " secret: \"${pin}\", pdn-type: ipv4}\n");
	cr_assert_str_eq(made_of(profile.settings, IMP_SPAN(source.marks), false),
			 "AT+CGDCONT=1,\"IP\",\"hidden.example\"\n"
			 "AT+CGAUTH=1,2,\"MARKER\",\"hidden.example\"\n");
	cr_assert_str_eq(made_of(profile.settings, IMP_SPAN(source.marks), true),
			 "AT+CGDCONT=1,\"IP\",\"(secret)\"\n"
			 "AT+CGAUTH=1,2,\"(secret)\",\"(secret)\"\n");
}

/* Profiles may come from elsewhere: nothing is sent that the modem would take for another
 * value. */
Test(modem, settings_of_a_foreign_compiler_are_judged)
{
	static const struct {
		struct imp_span settings;
		const char *at;
	} cases[] = {
		/* psm-timer 63 s, active-timer 20 s, power-saving 1 */
		{ IMP_TEXT("\xa1\x0a\xa1\x00\xa3\x04\x18\x3f\x05\x14\x0d\x01"),
		  "-+CPSMS: psm-timer has no octet (3GPP TS 24.008)\nAT+CEDRXS=0\n" },
		/* psm-timer -1 */
		{ IMP_TEXT("\xa1\x0a\xa1\x00\xa3\x04\x20\x05\x14\x0d\x01"),
		  "-+CPSMS: psm-timer has no octet (3GPP TS 24.008)\nAT+CEDRXS=0\n" },
		/* edrx-nb of two bytes */
		{ IMP_TEXT("\xa1\x0a\xa1\x00\xa2\x09\x42\x35\x35\x0d\x02"),
		  "AT+CPSMS=0\n-+CEDRXS: edrx-nb has no octet (3GPP TS 24.008)\n" },
		/* apn of two values, pdn-type 1, auth 3 */
		{ IMP_TEXT("\xa1\x0b\xa1\x00\xa3\x01\xa2\x00\x61\x61\x01\x61\x62"
			   "\x04\x03\x18\x18\x01"),
		  "-+CGDCONT: apn has 2 values, it says one\nAT+CGAUTH=1,0\n" },
		/* apn as bytes */
		{ IMP_TEXT("\xa1\x0b\xa1\x00\xa3\x01\x41\x61\x04\x03\x18\x18\x01"),
		  "-+CGDCONT: apn is no text\nAT+CGAUTH=1,0\n" },
	};

	use("3gpp");
	for (size_t i = 0; i < COUNTOF(cases); i++) {
		cr_assert_eq(imp_settings_check(cases[i].settings, &err), 0, "%zu: %s", i,
			     err.msg);
		cr_assert_str_eq(
			made_of(cases[i].settings, (struct imp_span){ 0 }, false),
			cases[i].at, "%zu", i);
	}
}

static int parse(const char *yaml)
{
	imp_modem_fini(&modem);
	mistakes.len = 0;
	return imp_modem_parse(&modem, imp_span_str(yaml), "m", &catalog, &mistakes,
			       &err);
}

Test(modem, a_description_with_mistakes_is_refused_where_they_stand)
{
	static const struct {
		const char *yaml, *says;
	} cases[] = {
		{ "- x\n", "m:1:1: expected KEY: VALUE" },
		{ "modem: x\n", "m:1:1: commands: expected NAME" },
		{ "modem: x\ncomands: {}\ncommands: {}\n",
		  "m:2:1: unknown key 'comands'; did you mean commands?" },
		{ "commands: {}\n", "m:1:1: modem: expected its name" },
		{ "modem: x\nescapes: yes\ncommands: {}\n",
		  "m:2:10: 'yes': expected none or v250" },
		{ "modem: x\nextends: 3gpp\ncommands: {}\n",
		  "m:2:10: extends: expected the name of a modem beside" },
		{ "modem: x\nfirst-context: -1\ncommands: {}\n",
		  "m:2:16: expected a number from 0 to 255" },
		{ "modem: x\ncommands:\n a: none\n", "m:3:5: a: expected {command" },
		{ "modem: x\ncommands:\n a: {command: \"+C;H\", object: 10}\n",
		  "m:3:15: a: command: expected a name such as +CPSMS" },
		{ "modem: x\ncommands:\n a: {command: +A, object: celular}\n",
		  "m:3:27: expected a number from 0 to 65535" },
		{ "modem: x\ncommands:\n a: {command: +A, object: 10, takes: 1}\n",
		  "m:3:38: takes: expected a list" },
		{ "modem: x\ncommands:\n a: {command: +A, object: 10, takes: [x]}\n",
		  "m:3:39: expected a number" },
		{ "modem: x\ncommands:\n a: {command: +A, object: 10, takes: [{setting: "
		  "psm-tmer, as: octet}]}\n",
		  "m:3:49: object cellular has no resource 'psm-tmer'" },
		{ "modem: x\ncommands:\n a: {command: +A, object: 10, takes: [{setting: "
		  "psm-timer, as: text}]}\n",
		  "m:3:64: psm-timer cannot become that" },
		{ "modem: x\ncommands:\n a: {command: +A, object: 10, takes: [{setting: "
		  "radio-off, as: octet}]}\n",
		  "m:3:64: radio-off cannot become that" },
		{ "modem: x\ncommands:\n a: {command: +A, object: 10, takes: [{setting: "
		  "psm-timer, as: bits}]}\n",
		  "m:3:64: 'bits': expected number, text, octet, cycle, window or plmn" },
		{ "modem: x\ncommands:\n a: {command: +A, object: 10, takes: [{setting: "
		  "psm-timer}]}\n",
		  "m:3:39: expected {setting: RESOURCE, as: FORM}" },
		{ "modem: x\ncommands:\n a: {command: +A, object: 11, takes: [{setting: "
		  "auth, values: {papp: 1}}]}\n",
		  "m:3:64: auth has no value 'papp'" },
		{ "modem: x\ncommands:\n a: {command: +A, object: 11, takes: [{setting: "
		  "auth, values: {pap: x}}]}\n",
		  "m:3:69: expected a number" },
		{ "modem: x\ncommands:\n a: {command: +A, object: 11, takes: [{setting: "
		  "auth, values: {pap: 'a\"b'}}]}\n",
		  "m:3:69: a character that no AT string can hold" },
		{ "modem: x\ncommands:\n a: {command: +A, object: 11, takes: [{setting: "
		  "rats, any: {lte: '1'}}]}\n",
		  "m:3:66: any: expected numbers" },
		{ "modem: x\ncommands:\n a: {command: +A, object: 11, once: true, takes: "
		  "[context]}\n",
		  "a command made once takes numbers and any" },
		{ "modem: x\ncommands:\n a: {command: +A, object: 10, if: 1}\n",
		  "m:3:35: if: expected {RESOURCE: VALUE}" },
		{ "modem: x\ncommands:\n a: {command: +A, object: 10, if: "
		  "{power-saving: sleep}}\n",
		  "m:3:50: power-saving has no value 'sleep'" },
		{ "modem: x\ncommands:\n a: {command: +A, object: 10, if: "
		  "{power-saving: []}}\n",
		  "conditions of 1 to 8 values" },
	};

	for (size_t i = 0; i < COUNTOF(cases); i++) {
		cr_assert_eq(parse(cases[i].yaml), -IMP_EFORMAT, "%s", cases[i].yaml);
		cr_assert(strstr(told(), cases[i].says), "%s said %s", cases[i].yaml,
			  told());
	}
}

Test(modem, an_object_that_nobody_described_makes_no_command)
{
	cr_assert_eq(parse("modem: x\ncommands:\n"
			   " a: {command: +A, object: 40000, takes: [{setting: x}]}\n"
			   " b: {command: +B, object: cellular}\n"),
		     0, "%s", told());
	cr_assert_str_eq(made(" cellular: {power-saving: [psm]}\n"), "AT+B\n");
}

static const char *word(const char *yaml, size_t which, struct imp_wording *w)
{
	struct imp_settings_walk walk;

	settings(yaml);
	text.len = 0;
	imp_settings_begin(&walk, profile.settings);
	for (size_t i = 0; i <= which; i++)
		cr_assert(imp_settings_next(&walk));
	imp_word(&catalog, &walk.at, source.marks[which] & IMP_SETTING_HIDDEN, w);
	cr_assert_eq(imp_word_value(w, &text, &err), 0);
	cr_assert_eq(imp_secret_append(&text, IMP_SPAN("\0"), &err), 0);
	return (const char *)text.ptr;
}

/* What is shown can be written again. */
Test(modem, values_are_worded_as_people_write_them)
{
	static const struct {
		const char *yaml, *names, *numbers, *value;
	} cases[] = {
		{ " cellular: {psm-timer: 36000}\n", "cellular/0/psm-timer", "/10/0/4",
		  "10h" },
		{ " cellular: {radio-off: 48h}\n", "cellular/0/radio-off", "/10/0/1",
		  "2d" },
		{ " cellular: {active-timer: 120s}\n", "cellular/0/active-timer",
		  "/10/0/5", "2m" },
		{ " cellular: {active-timer: 0s}\n", "cellular/0/active-timer", "/10/0/5",
		  "0s" },
		{ " cellular: {radio-off: 90m}\n", "cellular/0/radio-off", "/10/0/1",
		  "90m" },
		{ " cellular: {radio-off: 120m}\n", "cellular/0/radio-off", "/10/0/1",
		  "2h" },
		{ " cellular: {power-saving: [edrx, psm]}\n", "cellular/0/power-saving",
		  "/10/0/13", "[psm, edrx]" },
		{ " cellular: {power-saving: []}\n", "cellular/0/power-saving",
		  "/10/0/13", "[]" },
		{ " cellular: {edrx-nb: {hex: \"35\"}}\n", "cellular/0/edrx-nb",
		  "/10/0/9", "{cycle: 81.92s, window: 10.24s}" },
		{ " cellular: {edrx-wb: {cycle: 102.4s, window: 12.8s}}\n",
		  "cellular/0/edrx-wb", "/10/0/8", "{cycle: 102.4s, window: 12.8s}" },
		{ " cellular: {edrx-ab: {hex: \"41\"}}\n", "cellular/0/edrx-ab",
		  "/10/0/10", "{hex: \"41\"}" },
		{ " apn/3: {name: \"a\\\"b\", auth: none}\n", "apn/3/name", "/11/3/0",
		  "\"a\\\"b\"" },
		{ " cellular: {activation: \"1234\"}\n", "cellular/0/activation",
		  "/10/0/2", "(secret)" },
		{ " cellular: {smsc: \"${pin}\", activation: \"${pin}\"}\n",
		  "cellular/0/smsc", "/10/0/0", "(secret)" },
		{ " nas: {sm-retry-wait: 90m}\n", "nas/0/sm-retry-wait", "/18/0/10",
		  "90m" },
		{ " bearer: {operators: [00101, 310410]}\n", "bearer/0/operators",
		  "/13/0/6", "[00101, 310410]" },
		{ " bearer: {operators: \"00101\"}\n", "bearer/0/operators", "/13/0/6",
		  "[00101]" },
		{ " bearer: {cells: [123456, \"a b\"]}\n", "bearer/0/cells", "/13/0/5",
		  "[\"123456\", \"a b\"]" },
		{ " server/0: {short-id: 7, lifetime: 1d, store: true, binding: U}\n",
		  "server/0/short-id", "/1/0/0", "7" },
	};

	for (size_t i = 0; i < COUNTOF(cases); i++) {
		struct imp_wording w;
		const char *value = word(cases[i].yaml, 0, &w);

		cr_assert_str_eq(value, cases[i].value, "%s", cases[i].yaml);
		cr_assert_str_eq(w.names, cases[i].names);
		cr_assert_str_eq(w.numbers, cases[i].numbers);
	}
}

Test(modem, lists_links_and_keys_are_worded)
{
	struct imp_wording w;
	const char *bits_of = " cellular: {psm-timer: 10h}\n", *name;
	char bits[9];

	cr_assert_str_eq(
		word(" apn/0: {name: x, auth: none, rats: [lte, nb-iot-cp]}\n", 3, &w),
		"nb-iot-cp");
	cr_assert_str_eq(w.names, "apn/0/rats/1");
	cr_assert_str_eq(w.numbers, "/11/0/30/1");
	cr_assert_str_eq(word(" server/0: {short-id: 1, lifetime: 1d, store: true,"
			      " binding: U, apn: \"11:0\"}\n",
			      4, &w),
			 "\"11:0\"");
	cr_assert_str_eq(word(" security/0: {bootstrap: false, mode: rpk, identity: "
			      "{device-key: true}, server-key: {hex: \"00\"}, "
			      "short-id: 1}\n",
			      2, &w),
			 "{device-key: true}");
	word(bits_of, 0, &w);
	cr_assert(imp_word_octet(&w, bits, &name));
	cr_assert_str_eq(bits, "00101010");
	cr_assert_str_eq(name, "T3412 extended");
	word(" nas: {sm-retry-wait: 90m}\n", 0, &w);
	cr_assert(imp_word_octet(&w, bits, &name));
	cr_assert_str_eq(bits, "00001001");
	cr_assert_str_eq(name, "GPRS timer 3");
	cr_assert_str_eq(
		word(" apn/0: {name: x, auth: none, reconnect: [20s, 90]}\n", 2, &w),
		"[20s, 90s]");
	word(" cellular: {radio-off: 90m}\n", 0, &w);
	cr_assert_not(imp_word_octet(&w, bits, &name));
}

/* Nothing is known of an object that has no description: its texts may be secrets. */
Test(modem, what_is_not_described_is_not_told)
{
	static const uint8_t in[] =
		"\xa1\x19\x9c\x40\xa1\x00\xa2\x00\x05\x01\x63\x61\x62\x63";
	struct imp_settings_walk walk;
	struct imp_wording w;

	imp_settings_begin(&walk, (struct imp_span){ in, sizeof(in) - 1 });
	cr_assert(imp_settings_next(&walk));
	imp_word(&catalog, &walk.at, false, &w);
	cr_assert_str_eq(w.names, "40000/0/0");
	cr_assert_eq(imp_word_value(&w, &text, &err), 0);
	cr_assert(imp_settings_next(&walk));
	imp_word(&catalog, &walk.at, false, &w);
	cr_assert(w.secret);
	cr_assert_eq(imp_word_value(&w, &text, &err), 0);
	cr_assert_eq(imp_secret_append(&text, IMP_SPAN("\0"), &err), 0);
	cr_assert_str_eq((const char *)text.ptr, "5(not described)");
}
