/*
 * What --why asks about: LINE, SITE or ADDRESS.
 *
 *   view_leak.c:31   blocks of frames that match, as --filter does: a file with or without a line,
 * a function, a module site:17          blocks of one site, as --format json numbers them
 *   0x55d0c8a2b010   the block that the address is in
 */
#ifndef ANALYZER_HEAP_QUERY_H
#define ANALYZER_HEAP_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "attribute.h"
#include "pattern.h"

struct heap_query {
    const char *text; /* as given; NULL: nothing is asked */
    enum heap_query_kind { HEAP_QUERY_PLACE, HEAP_QUERY_SITE, HEAP_QUERY_ADDRESS } kind;
    uint64_t number; /* site, or address */
    struct patterns patterns;
};

/*
 * @text: must outlive @ret_query; heap_query_fini() when done.
 * Return: NULL, or what is wrong with it.
 */
const char *heap_query_parse(const char *text, struct heap_query *ret_query);
void heap_query_fini(struct heap_query *query);

/*
 * @attribution: with the stack of @site prepared.
 * @site: 0 for blocks without one.
 * Return: whether blocks of a site are asked about; false if the query is for an address.
 */
bool heap_query_asks(const struct heap_query *query, const struct attribution *attribution,
                     uint32_t site);

#endif
