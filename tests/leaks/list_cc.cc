/* A std::list and a std::deque that are lost. */
#include <deque>
#include <list>

#include "leaks.h"

static NOINLINE void lose()
{
    (void)keep(new std::list<int>(50, 7));
    (void)keep(new std::deque<int>(5000, 7));
}

int main()
{
    lose();
    forget();
    return 0;
}
