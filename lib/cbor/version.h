/* SPDX-License-Identifier: Apache-2.0 */
/* Which CBOR library this was built with. */
#ifndef IMP_CBOR_VERSION_H
#define IMP_CBOR_VERSION_H

const char *imp_cbor_version(void); /* "libcbor 0.8.0" */

#endif
