/* SPDX-License-Identifier: Apache-2.0 */
/* What is offered at TAB. */
#ifndef IMPRINT_COMPLETE_H
#define IMPRINT_COMPLETE_H

/* Print a word and what it is, a line, where it starts with the prefix. One that ends in
 * one of :/=@ is not whole yet: the shells put no space behind it. */
void offer(const char *word, const char *prefix, const char *help);
/* The names of devices that start so: schemes, what is attached, simulated devices, and
 * ports by their path once the prefix has a slash. */
void offer_devices(const char *prefix);

#endif
