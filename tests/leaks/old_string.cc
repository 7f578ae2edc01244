/* A string of the old ABI, known by its text. */
#define _GLIBCXX_USE_CXX11_ABI 0
#include <string>

#include "leaks.h"

static std::string *kept;

static NOINLINE void lose()
{
    kept = new std::string(280, 'x');
    (void)keep(new std::string(290, 'x'));
}

int main()
{
    lose();
    forget();
    return 0;
}
