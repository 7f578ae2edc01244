/* An object with two bases, known by the second one. */
#include "leaks.h"

struct first_base {
    virtual ~first_base() = default;
    long first = 1;
};

struct second_base {
    virtual ~second_base() = default;
    long second = 2;
};

struct object : first_base, second_base {
    char *text = new char[270];
};

static second_base *kept;

static NOINLINE void lose()
{
    kept = new object;
    (void)keep(static_cast<second_base *>(new object));
}

int main()
{
    lose();
    forget();
    return 0;
}
