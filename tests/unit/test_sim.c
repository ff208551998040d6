/* SPDX-License-Identifier: Apache-2.0 */
/* The simulator's parts: flash that can lose power, faults by name, what a line holds. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/flash.h"
#include "sim/lie.h"
#include "sim/queue.h"

static struct sim_flash flash;
static char path[] = "/tmp/imprint-flash-XXXXXX";

static void open_flash(void)
{
	int fd = mkstemp(path);

	cr_assert_geq(fd, 0);
	close(fd);
	cr_assert_eq(sim_flash_open(&flash, path, NULL), 0);
}

static void close_flash(void)
{
	sim_flash_close(&flash);
	unlink(path);
}

TestSuite(sim_flash, .init = open_flash, .fini = close_flash);

static bool is_filled(unsigned half, uint32_t off, size_t len, uint8_t with)
{
	uint8_t buf[SIM_HALF];

	cr_assert_eq(sim_flash_read(&flash, half, off, buf, len), 0);
	for (size_t i = 0; i < len; i++)
		if (buf[i] != with)
			return false;
	return true;
}

Test(sim_flash, new_flash_is_blank)
{
	cr_assert(is_filled(0, 0, SIM_HALF, 0xff));
	cr_assert(is_filled(1, 0, SIM_HALF, 0xff));
	cr_assert_eq(sim_flash_endorsement(&flash).len, 0);
}

Test(sim_flash, what_real_flash_would_spoil_is_refused)
{
	static const uint8_t zeros[64];
	uint8_t buf[1];

	cr_assert_eq(sim_flash_write(&flash, 0, 32, zeros, 32), 0);
	cr_expect_neq(sim_flash_write(&flash, 0, 32, zeros, 16), 0, "written twice");
	cr_expect_neq(sim_flash_write(&flash, 0, 65, zeros, 16), 0, "between units");
	cr_expect_neq(sim_flash_write(&flash, 0, 64, zeros, 15), 0, "part of a unit");
	cr_expect_neq(sim_flash_write(&flash, 0, SIM_HALF - 16, zeros, 32), 0, "too far");
	cr_expect_neq(sim_flash_write(&flash, 2, 0, zeros, 16), 0, "no such half");
	cr_expect_neq(sim_flash_erase(&flash, 2), 0);
	cr_expect_neq(sim_flash_read(&flash, 0, SIM_HALF, buf, 1), 0);
	cr_expect(is_filled(0, 64, SIM_HALF - 64, 0xff));
	cr_assert_eq(sim_flash_erase(&flash, 0), 0);
	cr_expect_eq(sim_flash_write(&flash, 0, 32, zeros, 16), 0);
}

/* PWR-01: the operation that is struck is done by half, and then nothing works. */
Test(sim_flash, a_cut_tears_a_write_and_ends_everything_until_the_boot)
{
	static const uint8_t zeros[64];
	uint8_t buf[1];

	flash.cut[0] = 2;
	flash.cuts = 1;
	cr_assert_eq(sim_flash_sync(&flash), 0);
	cr_assert_neq(sim_flash_write(&flash, 0, 0, zeros, 64), 0);
	cr_assert(flash.off);
	cr_expect_neq(sim_flash_read(&flash, 0, 0, buf, 1), 0);
	cr_expect_neq(sim_flash_erase(&flash, 0), 0);
	cr_expect_neq(sim_flash_sync(&flash), 0);
	sim_flash_boot(&flash);
	cr_assert_not(flash.off);
	cr_expect(is_filled(0, 0, 32, 0));
	cr_expect(is_filled(0, 32, 32, 0xff));
	cr_expect_eq(sim_flash_sync(&flash), 0);
}

/* PWR-02 */
Test(sim_flash, a_second_cut_strikes_after_the_boot)
{
	flash.cut[0] = 1;
	flash.cut[1] = 2;
	flash.cuts = 2;
	cr_assert_neq(sim_flash_erase(&flash, 0), 0);
	sim_flash_boot(&flash);
	cr_assert_neq(sim_flash_sync(&flash), 0);
	sim_flash_boot(&flash);
	cr_assert_eq(sim_flash_sync(&flash), 0);
}

Test(sim_flash, boots_and_endorsement_survive_a_restart)
{
	cr_assert_eq(sim_flash_boot(&flash), 1);
	sim_flash_set_endorsement(&flash, IMP_TEXT("endorsed"));
	cr_assert_eq(sim_flash_boot(&flash), 2);
	sim_flash_close(&flash);
	cr_assert_eq(sim_flash_open(&flash, path, NULL), 0);
	cr_expect_eq(sim_flash_boot(&flash), 3);
	cr_expect(imp_span_eq(sim_flash_endorsement(&flash), IMP_TEXT("endorsed")));
}

Test(sim_flash, a_file_of_another_length_is_left_alone)
{
	struct sim_flash other = { 0 };
	struct imp_error err = { 0 };

	cr_assert_eq(truncate(path, 100), 0);
	cr_assert_eq(sim_flash_open(&other, path, &err), -IMP_EFORMAT);
	cr_expect(strstr(err.msg, "has 100 bytes"));
	cr_expect_null(other.map);
	cr_assert_eq(truncate(path, 2 * SIM_HALF + SIM_PAGE), 0); /* still mapped */
}

Test(sim_fault, is_read_as_it_is_written)
{
	struct imp_sim_fault f;

	cr_assert_eq(imp_sim_fault_parse("3:cut@5,9", &f, NULL), 0);
	cr_expect_eq(f.device, 3);
	cr_expect_eq(f.kind, IMP_SIM_CUT);
	cr_expect_eq(f.count, 2);
	cr_expect_eq(f.n[0], 5);
	cr_expect_eq(f.n[1], 9);
	cr_assert_eq(imp_sim_fault_parse("slow", &f, NULL), 0);
	cr_expect_eq(f.device, 0);
	cr_expect_eq(f.n[0], 1);
	cr_assert_eq(imp_sim_fault_parse("lie:smp-error@8", &f, NULL), 0);
	cr_expect_eq(f.n[0], 8);
	cr_expect_str_eq(f.lie->name, "smp-error");
}

Test(sim_fault, every_lie_is_about_exactly_one_thing_and_has_its_own_name)
{
	const struct sim_lie *lie, *other;

	for (size_t i = 0; (lie = sim_lie_at(i)); i++) {
		cr_expect_eq((lie->claim != NULL) + (lie->token != NULL) +
				     (lie->describe != NULL) + (lie->body != NULL) +
				     (lie->board != NULL) + lie->version +
				     lie->skips_apply + lie->stale_frames,
			     1, "%s", lie->name);
		for (size_t k = 0; k < i && (other = sim_lie_at(k)); k++)
			cr_expect_str_neq(lie->name, other->name);
	}
}

Test(sim_fault, what_is_none_leaves_the_output_alone)
{
	static const char *const wrong[] = { "",
					     "x",
					     "cut",
					     "cut@",
					     "cut@1,",
					     "cut@2,2",
					     "cut@0",
					     "noise@1",
					     "1noise",
					     ":noise",
					     "lie:",
					     "lie:debug@1",
					     "refuse",
					     "drop@1,2",
					     "99999999999:echo",
					     "cut@1,2,3,4,5,6,7,8,9" };
	struct imp_sim_fault f = { .device = 77 };
	struct imp_error err;

	for (size_t i = 0; i < COUNTOF(wrong); i++) {
		err.msg[0] = '\0';
		cr_expect_eq(imp_sim_fault_parse(wrong[i], &f, &err), -IMP_EUSAGE, "%s",
			     wrong[i]);
		cr_expect(strstr(err.msg, "expected") || strstr(err.msg, "takes"),
			  "%s: %s", wrong[i], err.msg);
		cr_expect_eq(f.device, 77);
	}
}

Test(sim_queue, what_does_not_fit_is_lost_whole)
{
	struct sim_queue q = { 0 };
	uint8_t block[5000];
	size_t blocks = 0;

	memset(block, 'x', sizeof(block));
	while (sim_queue_put(&q, IMP_SPAN(block)))
		blocks++;
	cr_assert_eq(blocks, 3);
	cr_expect_eq(sim_queue_rest(&q).len, 3 * sizeof(block));
	sim_queue_drop(&q, 4000);
	cr_expect(sim_queue_put(&q, IMP_SPAN(block)), "room is found again at the front");
	cr_expect_eq(sim_queue_rest(&q).len, 4 * sizeof(block) - 4000);
	sim_queue_fini(&q);
}
