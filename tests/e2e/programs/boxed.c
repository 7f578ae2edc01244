/* What other_root.py runs where the files are others than outside. */
#include <stdlib.h>

void *boxed_allocate(size_t bytes);

static void *volatile kept;

/* libc calls back, so that its own functions are in the stack. */
static int compare(const void *left, const void *right)
{
    kept = boxed_allocate(1000);
    return *(const int *)left - *(const int *)right;
}

int main(void)
{
    int numbers[] = {2, 1};
    qsort(numbers, 2, sizeof numbers[0], compare);
    return numbers[0] == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
