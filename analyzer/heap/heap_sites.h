/*
 * What the blocks of a heap picture have in common by site. A picture has millions of blocks and
 * thousands of sites, so what depends on a stack is worked out once a site, and blocks only look it
 * up.
 */
#ifndef ANALYZER_HEAP_SITES_H
#define ANALYZER_HEAP_SITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attribute.h"
#include "error.h"
#include "heap_analysis.h"
#include "heap_picture.h"
#include "heap_report.h"

struct heap_site {
    uint32_t line;      /* index in the report; valid if there are blocks */
    uint64_t blocks;    /* in the picture */
    bool is_left_out;   /* by filters */
    bool is_suppressed; /* if its blocks are lost */
    bool is_wanted;     /* by --why */
};

struct heap_sites {
    struct heap_site *items; /* by id - first, and one more for blocks without a site */
    uint32_t first;
    size_t count;
};

/* Return: what a block's site is; @site as the block has it. */
static inline const struct heap_site *heap_sites_of(const struct heap_sites *sites, uint32_t site)
{
    uint32_t at = site - sites->first;
    return &sites->items[at < sites->count ? at : sites->count];
}

/*
 * Look at all sites of a picture: resolve their stacks, and find the lines of the report that they
 * belong to, new ones if there are none, and what the rules say about them.
 * @ret_sites: heap_sites_fini() when done.
 * Errors: TRACE_NOMEM.
 */
enum trace_status heap_sites_make(const struct heap_picture *picture,
                                  struct attribution *attribution, const struct heap_rules *rules,
                                  struct heap_report *report, struct heap_sites *ret_sites,
                                  struct trace_error *error) TRACE_CHECKED;
void heap_sites_fini(struct heap_sites *sites);

#endif
