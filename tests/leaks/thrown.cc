/* A block that an exception jumped over. */
#include <stdexcept>

#include "leaks.h"

static NOINLINE void fail()
{
    char *buffer = new char[260];
    (void)keep(buffer);
    throw std::runtime_error("on the way");
}

static NOINLINE void lose()
{
    try {
        fail();
    } catch (const std::runtime_error &) {
    }
}

int main()
{
    lose();
    forget();
    return 0;
}
