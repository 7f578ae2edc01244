// Throws; and says whose _Unwind_RaiseException it got.
#include <cstdio>
#include <dlfcn.h>
#include <stdexcept>
#include <string>
#include <unwind.h>

extern "C" long throw_often(long times);
extern "C" const char *unwinder();

static __attribute__((noinline)) void deep(int depth)
{
    if (depth == 0) {
        throw std::runtime_error("thrown");
    }
    deep(depth - 1);
    __asm__ volatile("" ::: "memory");
}

long throw_often(long times)
{
    long caught = 0;
    for (long i = 0; i < times; i++) {
        try {
            deep(static_cast<int>(i % 8));
        } catch (const std::exception &error) {
            caught += std::string(error.what()) == "thrown";
        }
    }
    return caught;
}

const char *unwinder()
{
    Dl_info info = {};
    dladdr(reinterpret_cast<void *>(&_Unwind_RaiseException), &info);
    return info.dli_fname;
}
