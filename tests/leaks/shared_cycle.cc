/* Objects that own each other by shared_ptr. */
#include <memory>

#include "leaks.h"

struct object {
    std::shared_ptr<object> friend_of;
    char text[40];
};

static NOINLINE void lose()
{
    auto first = std::make_shared<object>();
    auto second = std::make_shared<object>();
    first->friend_of = second;
    second->friend_of = first;
}

int main()
{
    lose();
    forget();
    return 0;
}
