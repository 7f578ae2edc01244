/* See scratch.h. */
#include "scratch.h"

#include <ftw.h>
#include <stdio.h>

#include "suite.h"

char scratch_directory[] = "/tmp/libtrace-check.XXXXXX";

void scratch_enter(void)
{
    ck_assert_ptr_nonnull(mkdtemp(scratch_directory));
    ck_assert_int_eq(chdir(scratch_directory), 0);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

void scratch_leave(void)
{
    ck_assert_int_eq(nftw(scratch_directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}
