/* How often something is done: every so much time, or so many bytes allocated. */
#ifndef PRELOAD_PERIOD_H
#define PRELOAD_PERIOD_H

#include <stdbool.h>
#include <stdint.h>

struct period {
    uint64_t length; /* ticks, or bytes; 0: never */
    bool is_time;
    uint64_t thousandths; /* the same as it was given: of the unit */
    const char *unit;     /* "s", "MiB" */
};

/* "5s", "0.5s", "100MiB", "1.5GiB": at most three decimals. Return: false if it is none of these.
 */
bool period_parse(const char *text, struct period *ret_period);

/* What a message says in place of a bad one. */
#define PERIOD_EXPECTED "a time such as 5s, or a size such as 100MiB"

#define PERIOD_NAME_BYTES 64

/* "after 2.5 s": the end of the last whole period before @progress. @name: PERIOD_NAME_BYTES. */
void period_name(const struct period *period, uint64_t progress, char *name);

#endif
