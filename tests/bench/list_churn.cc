// List churn: each thread fills a std::list and empties it, three times. Nothing but nodes, so that
// the allocator and the tracer are most of the time.
//
//   list_churn NODES THREADS     NODES in each thread's list
#include <list>
#include <thread>
#include <vector>

#include "bench.h"

static void churn(uint64_t nodes)
{
    for (int i = 0; i < 3; i++) {
        std::list<uint64_t> list;
        for (uint64_t number = 0; number < nodes; number++) {
            list.push_back(number);
        }
    }
}

int main(int argc, char **argv)
{
    const uint64_t nodes = number_argument(argc, argv, 1);
    std::vector<std::thread> threads(number_argument(argc, argv, 2) - 1);
    for (std::thread &thread : threads) {
        thread = std::thread(churn, nodes);
    }
    churn(nodes);
    for (std::thread &thread : threads) {
        thread.join();
    }
    return EXIT_SUCCESS;
}
