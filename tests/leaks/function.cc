/* A std::function whose captures are lost with it. */
#include <functional>
#include <vector>

#include "leaks.h"

static NOINLINE void lose()
{
    std::vector<int> numbers(100, 1);
    (void)keep(new std::function<size_t()>([numbers] { return numbers.size(); }));
}

int main()
{
    lose();
    forget();
    return 0;
}
