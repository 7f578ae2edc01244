/* The search for the kernel's words. See clock_page.h. */
#include "clock_page.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/auxv.h>

#include "sys.h"

#define PAGE_BYTES ((uintptr_t)4096)
#define PAGES_MAX 6        /* that the kernel has put before the vDSO so far */
#define ATTEMPTS 3         /* the clock may move on during one */
#define STACK_PAGES_MAX 16 /* of what is being done here: the time is on the stack, too */

const struct clock_words clock_no_words = {-1, -1};

static const struct clock_words *find_in_page(uintptr_t page, const struct timespec *now)
{
    for (uintptr_t at = page; at < page + PAGE_BYTES; at += sizeof(int64_t)) {
        // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel gives the page's address as one
        const struct clock_words *words = (const struct clock_words *)at;
        bool has_both = at + sizeof *words <= page + PAGE_BYTES;
        if (has_both && words->second == now->tv_sec && words->nanosecond == now->tv_nsec) {
            return words;
        }
    }
    return NULL;
}

static bool is_near(uintptr_t page, uintptr_t stack)
{
    const uintptr_t slack = STACK_PAGES_MAX * PAGE_BYTES;
    return page < stack + slack && stack < page + slack;
}

/* Pages that the kernel has set aside and not filled are not readable: no system, no such clock. */
static const struct clock_words *find_before(uintptr_t vdso, const struct timespec *now)
{
    for (uintptr_t i = 1; i <= PAGES_MAX && i * PAGE_BYTES < vdso; i++) {
        uintptr_t page = vdso - i * PAGE_BYTES;
        if (!is_near(page, (uintptr_t)now) && sys_is_readable(page)) {
            const struct clock_words *words = find_in_page(page, now);
            if (words != NULL) {
                return words;
            }
        }
    }
    return NULL;
}

const struct clock_words *clock_page_find(int (*gettime)(clockid_t, struct timespec *))
{
    uintptr_t vdso = getauxval(AT_SYSINFO_EHDR) & ~(PAGE_BYTES - 1);
    for (int i = 0; vdso != 0 && i < ATTEMPTS; i++) {
        struct timespec now = {0};
        const struct clock_words *words =
            gettime(CLOCK_MONOTONIC_COARSE, &now) == 0 ? find_before(vdso, &now) : NULL;
        if (words != NULL) {
            return words;
        }
    }
    return &clock_no_words;
}
