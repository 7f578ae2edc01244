/* A vector of strings that is lost: its items are lost indirectly. */
#include <string>
#include <vector>

#include "leaks.h"

static NOINLINE void lose()
{
    auto *words = new std::vector<std::string>;
    for (int i = 0; i < 20; i++) {
        words->push_back(std::string(100 + i, 'x'));
    }
    (void)keep(words);
}

int main()
{
    lose();
    forget();
    return 0;
}
