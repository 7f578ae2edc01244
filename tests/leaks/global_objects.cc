/* Objects that live until after main(). */
#include <memory>
#include <string>
#include <vector>

#include "leaks.h"

static std::vector<std::string> words;
static std::unique_ptr<int> number;

static NOINLINE void lose()
{
    words.assign(30, std::string(70, 'x'));
    number = std::make_unique<int>(3);
}

int main()
{
    lose();
    forget();
    return 0;
}
