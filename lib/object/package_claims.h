/* SPDX-License-Identifier: Apache-2.0 */
/* Labels of a package's outer claims. Private to lib/object. Source: imprint-formats(7).
 */
#ifndef IMP_OBJECT_PACKAGE_CLAIMS_H
#define IMP_OBJECT_PACKAGE_CLAIMS_H

enum {
	IMP_PACKAGE_UEID = 256,
	IMP_PACKAGE_ID = -70010,
	IMP_PACKAGE_ISSUER = -70011,
	IMP_PACKAGE_DOMAIN = -70012,
	IMP_PACKAGE_EPOCHS = -70013,
};

#endif
