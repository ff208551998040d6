/* SPDX-License-Identifier: Apache-2.0 */
/* Compiler attributes, scope cleanup and small macros. */
#ifndef IMP_BASE_ATTR_H
#define IMP_BASE_ATTR_H

#define IMP_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define IMP_MUST_CHECK	 __attribute__((warn_unused_result))

/* CLEANUP(f) T x = ...; calls f(&x) when x leaves scope. f takes T * and must
 * accept a zeroed x. */
#define CLEANUP(f) __attribute__((cleanup(f)))

/* DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free) makes EVP_PKEY_freep for CLEANUP(). */
#define DEFINE_CLEANUP(type, f)          \
	static inline void f##p(type *p) \
	{                                \
		if (*p)                  \
			f(*p);           \
	}                                \
	struct f##_wants_a_semicolon

/* Hand a pointer to a new owner: STEAL(p) yields p and leaves NULL behind. */
#define STEAL(p)                        \
	({                              \
		__typeof__(p) _p = (p); \
		(p) = NULL;             \
		_p;                     \
	})

#define COUNTOF(a) (sizeof(a) / sizeof((a)[0]))

#endif
