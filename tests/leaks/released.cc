/* A unique_ptr that gave its object away. */
#include <memory>
#include <string>

#include "leaks.h"

static NOINLINE void lose()
{
    auto owner = std::make_unique<std::string>(200, 'x');
    (void)keep(owner.release());
}

int main()
{
    lose();
    forget();
    return 0;
}
