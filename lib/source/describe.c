/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptions: words, numbers and texts in them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/build.h"
#include "source/describe.h"

static bool known_key(const char *key, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(key, list[i]) == 0)
			return true;
	return false;
}

void check_keys(struct reading *r, const struct imp_yaml *map, const char *const *list)
{
	size_t count = 0;

	while (list[count])
		count++;
	for (const struct imp_yaml *n = map->child; n; n = n->next)
		if (n->key && !known_key(n->key, list, count)) {
			r->diags->near = imp_nearest(n->key, list, count);
			imp_diag(r->diags, n->key_mark, "unknown key '%s'", n->key);
		}
}

char *text_of(struct reading *r, const char *text)
{
	char *s = strdup(text ? text : "");

	r->out_of_memory |= !s;
	return s;
}

bool number_of(struct reading *r, const struct imp_yaml *n, int64_t min, int64_t max,
	       int64_t *out)
{
	int64_t v = 0;

	if (!n || !n->text || !parse_int(n->text, &v) || v < min || v > max) {
		imp_diag(r->diags, n ? n->mark : r->at,
			 "expected a number from %lld to %lld", (long long)min,
			 (long long)max);
		return false;
	}
	*out = v;
	return true;
}

bool truth_of(struct reading *r, const struct imp_yaml *n)
{
	if (!n)
		return false;
	if (n->text && strcmp(n->text, "true") == 0)
		return true;
	if (!n->text || strcmp(n->text, "false") != 0)
		imp_diag(r->diags, n->mark, "expected true or false");
	return false;
}

/* "text, apn or int" */
static void put_words(char *out, size_t cap, const char *const *list, size_t count)
{
	size_t n = 0;

	while (count > 0 && !list[count - 1])
		count--;
	for (size_t i = 0; i < count && n < cap; i++) {
		const char *before = i == count - 1 ? " or " : ", ";

		if (list[i])
			n += (size_t)snprintf(out + n, cap - n, "%s%s",
					      n == 0 ? "" : before, list[i]);
	}
}

int word_of(struct reading *r, const struct imp_yaml *n, const char *const *list,
	    size_t count)
{
	char words[240];

	for (size_t i = 0; n->text && i < count; i++)
		if (list[i] && strcmp(n->text, list[i]) == 0)
			return (int)i;
	put_words(words, sizeof(words), list, count);
	imp_diag(r->diags, n->mark, "'%.40s': expected %s",
		 n->text ? n->text : "(a list)", words);
	return -1;
}

static bool find_name(const struct imp_named *list, size_t count, const char *word,
		      int64_t *out)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i].name, word) == 0) {
			*out = list[i].number;
			return true;
		}
	return false;
}

bool value_of_word(struct reading *r, const struct imp_resource *res, const char *word,
		   struct imp_mark mark, int64_t *out)
{
	int64_t n = 0;

	if (find_name(res->values, res->values_count, word, out))
		return true;
	if (find_name(res->bits, res->bits_count, word, &n)) {
		*out = INT64_C(1) << n;
		return true;
	}
	if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0) {
		*out = word[0] == 't';
		return true;
	}
	if (!parse_int(word, &n) || n < INT32_MIN || n > UINT32_MAX) {
		imp_diag(r->diags, mark, "%s has no value '%.40s'", res->name, word);
		return false;
	}
	*out = n;
	return true;
}

bool value_of_node(struct reading *r, const struct imp_resource *res,
		   const struct imp_yaml *n, int64_t *out)
{
	if (n->text)
		return value_of_word(r, res, n->text, n->mark, out);
	imp_diag(r->diags, n->mark, "%s: expected one value", res->name);
	return false;
}

size_t children(const struct imp_yaml *n)
{
	return n ? n->count : 0;
}
