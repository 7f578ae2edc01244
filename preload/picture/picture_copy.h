/* What the copy of the process does: see picture.h. */
#ifndef PRELOAD_PICTURE_COPY_H
#define PRELOAD_PICTURE_COPY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "picture_roots.h"
#include "picture_writer.h"

/* What the process tells its copy after the copy was made, in memory that they share. */
struct picture_shared {
    _Atomic uint32_t pause_us; /* a futex; 0: not known yet */
};

struct picture_order {
    struct picture_title title;
    struct picture_threads threads;
    struct picture_shared *shared;
    size_t thread_bytes; /* as in struct picture_roots */
    size_t tls_bytes;
};

/* Make the picture, and end. */
_Noreturn void picture_copy_run(const struct picture_order *order);

#endif
