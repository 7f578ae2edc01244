/* A map that is lost, and one that is kept. */
#include <map>
#include <string>

#include "leaks.h"

static std::map<int, std::string> *kept;

static NOINLINE void lose()
{
    auto *lost = new std::map<int, std::string>;
    kept = new std::map<int, std::string>;
    for (int i = 0; i < 30; i++) {
        (*lost)[i] = std::string(50, 'x');
        (*kept)[i] = std::string(60, 'x');
    }
    (void)keep(lost);
}

int main()
{
    lose();
    forget();
    return 0;
}
