/* SPDX-License-Identifier: Apache-2.0 */
/* What the user sees of a run over devices: progress, a table, or JSON lines. */
#ifndef IMPRINT_REPORT_H
#define IMPRINT_REPORT_H

#include "devices.h"
#include "json.h"

enum { REPORT_DIFFERENCE = 280 };

/* "owner: 0123456789abcdef, expected ...": hashes by their first eight bytes. */
void report_difference(const struct imp_difference *d, char out[REPORT_DIFFERENCE]);
void report_begin(const struct device_work *work, size_t devices);
void report_attach_progress(struct device *d, const struct device_work *work);
void report_end_progress(const struct device_work *work);
void report_device(const struct device_work *work, const struct device *d);
/* What came of it in one sentence, without what stands beside it: uri and name. */
struct imp_span report_message(const struct device *d);
/* The hints of a failure, as an array. */
void report_hints(struct json *j, const struct device *d);
/* A device as a case of JUnit; report_device() does it where there is such a report. */
void report_junit(struct junit *junit, const struct device *d);

#endif
