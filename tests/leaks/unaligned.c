/* A limit: a pointer at an odd address. */
#include "leaks.h"

struct __attribute__((packed)) record {
    char kind;
    void *pointer;
};

static struct record record;

int main(void)
{
    record.pointer = block(210);
    (void)keep(&record);
    forget();
    return 0;
}
