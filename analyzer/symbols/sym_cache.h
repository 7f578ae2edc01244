/*
 * What debug information said about addresses, kept between reports: one file a build-id, in the
 * user's cache directory. Only complete answers of debug information are kept, so that symbols
 * installed later are found.
 */
#ifndef ANALYZER_SYM_CACHE_H
#define ANALYZER_SYM_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sym_isolate.h"

struct sym_cache_key {
    const char *directory; /* NULL: nothing is kept, and nothing is known */
    const uint8_t *build_id;
    size_t build_id_bytes; /* 0: the same */
};

/*
 * Give @sink all that is known of a module, asked for or not. An address that debug information
 * says nothing about comes with a count of 0.
 * Return: false if @sink did. A file that is missing, broken or of another version knows nothing.
 */
bool sym_cache_read(const struct sym_cache_key *key, sym_debug_sink sink, void *context);

/*
 * Add what one child found, and which of the addresses that it was asked it found nothing about.
 * Failure is silent: a cache is not worth a word.
 * @output: of a child that came to its end.
 * @unknown: the addresses without an answer.
 */
void sym_cache_add(const struct sym_cache_key *key, const struct sym_isolate_output *output,
                   const uint64_t *unknown, size_t unknown_count);

#endif
