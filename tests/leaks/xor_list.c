/* A limit: a list whose links are the xor of two addresses. */
#include "leaks.h"

struct link {
    uintptr_t both;
    char text[24];
};

static struct link *first;
static struct link *last;

int main(void)
{
    for (int i = 0; i < 10; i++) {
        struct link *made = block(sizeof *made);
        made->both = (uintptr_t)last;
        if (last != NULL) {
            last->both ^= (uintptr_t)made;
        } else {
            first = made;
        }
        last = made;
    }
    (void)keep(&first);
    forget();
    return 0;
}
