/* A hexadecimal number is an address, "site:" a site, and everything else a pattern. */
#include "heap_query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char SITE[] = "site:";

/* Read all of @text as a number. Return: false if it is none. */
static bool read_number(const char *text, int base, uint64_t *ret_number)
{
    char *end = NULL;
    errno = 0;
    *ret_number = strtoull(text, &end, base);
    return end != text && *end == '\0' && errno == 0 && strchr("0123456789", text[0]) != NULL;
}

const char *heap_query_parse(const char *text, struct heap_query *ret_query)
{
    struct heap_query query = {.text = text, .kind = HEAP_QUERY_PLACE};
    if (text[0] == '\0') {
        return "is empty";
    }
    if (strncmp(text, "0x", 2) == 0) {
        query.kind = HEAP_QUERY_ADDRESS;
        if (!read_number(text, 16, &query.number)) {
            return "is no address";
        }
    } else if (strncmp(text, SITE, sizeof SITE - 1) == 0) {
        query.kind = HEAP_QUERY_SITE;
        if (!read_number(text + sizeof SITE - 1, 10, &query.number)) {
            return "has no number after the colon";
        }
    } else if (!patterns_add(&query.patterns, text, true)) {
        return "finds no memory";
    }
    *ret_query = query;
    return NULL;
}

void heap_query_fini(struct heap_query *query)
{
    patterns_fini(&query->patterns);
    *query = (struct heap_query){0};
}

bool heap_query_asks(const struct heap_query *query, const struct attribution *attribution,
                     uint32_t site)
{
    const struct definitions *definitions = attribution->definitions;
    uint32_t at = site - definitions->first_site;
    if (query->kind != HEAP_QUERY_PLACE) {
        return query->kind == HEAP_QUERY_SITE && site != 0 && site == query->number;
    }
    if (site < definitions->first_site || at >= definitions->site_slots ||
        !definitions->sites[at].is_defined) {
        return false;
    }
    return patterns_match(&query->patterns,
                          attribution_frame(attribution, definitions->sites[at].stack));
}
