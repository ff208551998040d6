/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: context in front, control characters escaped, hints on lines of their own. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/error.h"
#include "base/reason.h"

Test(error, wrap_prepends_context)
{
	struct imp_error err = { 0 };
	int rc = imp_fail(&err, IMP_EFORMAT, "manifest: digest is %d octets", 31);

	rc = imp_wrap(&err, rc, "slot %d", 2);
	cr_assert_eq(rc, -IMP_EFORMAT);
	cr_assert_str_eq(err.msg, "slot 2: manifest: digest is 31 octets");
}

Test(error, null_is_allowed)
{
	cr_assert_eq(imp_wrap(NULL, imp_fail(NULL, IMP_ETRANSPORT, "x"), "y"),
		     -IMP_ETRANSPORT);
}

Test(error, control_characters_are_escaped_once)
{
	struct imp_error err = { 0 };
	int rc = imp_fail(&err, IMP_EDEVICE, "says \x1b[2J\n\xc2\x9b");

	imp_wrap(&err, rc, "slot\t3");
	cr_assert_str_eq(err.msg, "slot\\x09"
				  "3: says \\x1b[2J\\x0a\\xc2\\x9b");
}

Test(error, hint_stands_on_its_own_line)
{
	struct imp_error err = { 0 };

	imp_hint(&err, imp_fail(&err, IMP_EKEY, "k.pem: mode is 0644"), "chmod 600 %s",
		 "k.pem");
	cr_assert_str_eq(err.msg, "k.pem: mode is 0644\nhint: chmod 600 k.pem");
}

Test(error, long_context_never_cuts_the_cause)
{
	char lots[2 * IMP_ERROR_TEXT];
	struct imp_error err = { 0 };
	int rc = imp_fail(&err, IMP_EFORMAT, "the cause");

	memset(lots, 'x', sizeof(lots) - 1);
	lots[sizeof(lots) - 1] = '\0';
	imp_wrap(&err, rc, "%s", lots);
	cr_assert_not_null(strstr(err.msg, ": the cause"));
}

Test(reason, every_number_has_a_row_and_its_exit_status)
{
	static const enum imp_code code[] = { 0, 3, 4, 4, 4, 4, 4, 5,
					      5, 4, 4, 4, 4, 4, 7, 5 };

	for (unsigned r = 1; r < 16; r++)
		cr_assert_eq(imp_reason_row(r)->code, code[r], "reason %u", r);
	cr_assert_null(imp_reason_row(0));
	cr_assert_null(imp_reason_row(16));
}
