/*
 *   libmaker.so: size=2048 B, count=2, average=1024 B
 *       allocated 10.0 KiB in 10: freed 2048 B in 2 by itself, 6144 B in 6 by libuser.so
 *
 * What is still live is the table's own line, unless that is about something else.
 */
#include "render_ledger.h"

#include <inttypes.h>

#include "pattern.h"
#include "safe_text.h"
#include "size_format.h"

enum { OTHERS_SHOWN = 8 };

static void print_blocks(FILE *out, uint64_t size, uint64_t count)
{
    char bytes[SIZE_FORMAT_BYTES];
    (void)fprintf(out, "%s in %" PRIu64, size_format(bytes, (double)size, false), count);
}

static void print_other(FILE *out, const struct ledger_freed *other)
{
    print_blocks(out, other->size, other->count);
    (void)fputs(" by ", out);
    if (other->module != NULL) {
        safe_text_print(out, pattern_base_name(other->module));
    } else {
        (void)fputs("unknown", out);
    }
}

void render_ledger(FILE *out, const struct ledger_entry *entry)
{
    struct ledger_freed rest = {0};
    (void)fputs("    allocated ", out);
    print_blocks(out, entry->allocated_size, entry->allocated_count);
    (void)fputs(": freed ", out);
    print_blocks(out, entry->itself.size, entry->itself.count);
    (void)fputs(" by itself", out);
    for (size_t i = 0; i < entry->other_count; i++) {
        if (i < OTHERS_SHOWN) {
            (void)fputs(", ", out);
            print_other(out, &entry->others[i]);
        } else {
            rest.size += entry->others[i].size;
            rest.count += entry->others[i].count;
        }
    }
    if (entry->other_count > OTHERS_SHOWN) {
        (void)fputs(", ", out);
        print_blocks(out, rest.size, rest.count);
        (void)fprintf(out, " by %zu more", entry->other_count - OTHERS_SHOWN);
    }
    (void)fputc('\n', out);
}
