/* SPDX-License-Identifier: Apache-2.0 */
/* imprint: parse the global options, find the subcommand, run it. */
int main(void)
{
	return 0;
}
