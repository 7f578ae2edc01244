/* A hash table that is lost. */
#include <string>
#include <unordered_map>

#include "leaks.h"

static NOINLINE void lose()
{
    auto *lost = new std::unordered_map<int, std::string>;
    for (int i = 0; i < 100; i++) {
        (*lost)[i] = std::string(40, 'x');
    }
    (void)keep(lost);
}

int main()
{
    lose();
    forget();
    return 0;
}
