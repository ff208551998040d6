/* SPDX-License-Identifier: Apache-2.0 */
/* What the user sees of a run over devices: progress, a table, or JSON lines. */
#ifndef IMPRINT_REPORT_H
#define IMPRINT_REPORT_H

#include "devices.h"

void report_begin(const struct device_work *work, size_t devices);
void report_attach_progress(struct device *d, const struct device_work *work);
void report_end_progress(const struct device_work *work);
void report_device(const struct device_work *work, const struct device *d);

#endif
