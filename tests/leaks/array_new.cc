/* An array of objects with destructors: a pointer behind the count of a new[]. */
#include "leaks.h"

struct object {
    char *text = new char[10];
    ~object()
    {
        delete[] text;
    }
};

static object *kept;

static NOINLINE void lose()
{
    kept = new object[5];
    (void)keep(new object[7]);
}

int main()
{
    lose();
    forget();
    return 0;
}
