// C++'s ways to allocate: new and delete of objects, arrays, aligned types, nothrow, sized delete,
// containers, exceptions thrown and kept. All of it arrives in malloc and free.
//
// What the ABI adds to a request is counted as it defines it: eight bytes before an array whose
// elements have destructors, and the header of an exception.
//
// With the argument "portable", without an operator new that fails: valgrind's cannot throw.
// Source: Itanium C++ ABI, 2.7 (array cookies); libstdc++, unwind-cxx.h
// (__cxa_refcounted_exception)
#include <exception>
#include <list>
#include <new>
#include <stdexcept>
#include <vector>

#include "oracle.h"

namespace
{

constexpr unsigned ROUNDS = 500;
constexpr std::size_t COOKIE_BYTES = sizeof(std::size_t);
constexpr std::size_t EXCEPTION_HEADER_BYTES = 128;

struct Plain {
    int numbers[5];
};

struct WithDestructor : Plain {
    ~WithDestructor()
    {
        asm volatile("" : : "r"(this) : "memory");
    }
};

struct alignas(64) Aligned {
    char bytes[192];
};

struct Thrown {
    char bytes[40];
};

// The standard allocator, with the oracle told.
template <typename T> struct Counted {
    using value_type = T;
    Counted() = default;
    template <typename U> Counted(const Counted<U> &) noexcept
    {
    }
    T *allocate(std::size_t count)
    {
        void *block = std::allocator<T>().allocate(count);
        return static_cast<T *>(oracle_born(block, count * sizeof(T)));
    }
    void deallocate(T *block, std::size_t count)
    {
        std::allocator<T>().deallocate(static_cast<T *>(oracle_dies(block)), count);
    }
    bool operator==(const Counted &) const
    {
        return true;
    }
    bool operator!=(const Counted &) const
    {
        return false;
    }
};

template <typename T> T *born(T *block, std::size_t size = sizeof(T))
{
    oracle_born(block, size);
    return block;
}

template <typename T> void destroy(T *block)
{
    oracle_dies(block);
    delete block;
}

void objects(unsigned round)
{
    destroy(born(new Plain));
    destroy(born(new Aligned));
    Plain *plain = born(new (std::nothrow) Plain);
    if (round % 3 != 0) {
        destroy(plain);
    }
    if (round % 10 == 0) {
        born(new Aligned);
    }
}

void arrays(unsigned round)
{
    int *numbers = born(new int[round + 1], (round + 1) * sizeof(int));
    oracle_dies(numbers);
    delete[] numbers;
    // The block begins before the array: at the cookie.
    std::size_t count = round % 17 + 1;
    auto *elements = new WithDestructor[count];
    char *block = reinterpret_cast<char *>(elements) - COOKIE_BYTES;
    oracle_born(block, COOKIE_BYTES + count * sizeof(WithDestructor));
    if (round % 4 != 0) {
        oracle_dies(block);
        delete[] elements;
    }
}

void containers(unsigned round)
{
    std::vector<int, Counted<int>> numbers;
    std::list<unsigned, Counted<unsigned>> nodes;
    for (unsigned i = 0; i < round % 40; i++) {
        numbers.push_back(static_cast<int>(i));
        nodes.push_back(i);
    }
}

[[noreturn]] __attribute__((noinline)) void throw_one()
{
    throw Thrown();
}

void exceptions(unsigned round, std::exception_ptr *kept)
{
    try {
        throw_one();
    } catch (const Thrown &thrown) {
        auto *block = const_cast<char *>(thrown.bytes) - EXCEPTION_HEADER_BYTES;
        oracle_born(block, EXCEPTION_HEADER_BYTES + sizeof(Thrown));
        if (round % 50 == 0) {
            *kept = std::current_exception(); // lives on; counted as freed by nobody
            return;
        }
        oracle_dies(block);
    }
}

void fail_to_allocate()
{
    try {
        volatile std::size_t huge = PTRDIFF_MAX / 2;
        born(new char[huge], huge);
        oracle_give_up("new did not throw");
    } catch (const std::bad_alloc &refused) {
        auto *block = const_cast<char *>(reinterpret_cast<const char *>(&refused));
        block -= EXCEPTION_HEADER_BYTES;
        oracle_born(block, EXCEPTION_HEADER_BYTES + sizeof(std::bad_alloc));
        oracle_dies(block);
    }
}

} // namespace

int main(int argc, char **argv)
{
    static std::exception_ptr kept[ROUNDS / 50];
    for (unsigned round = 0; round < ROUNDS && !oracle_is_idle(argc, argv); round++) {
        objects(round);
        arrays(round);
        containers(round);
        exceptions(round, &kept[round / 50]);
        if (argc < 2 || strcmp(argv[1], "portable") != 0) {
            fail_to_allocate();
        }
    }
    oracle_print();
    // Without static destructors: what is counted as kept is kept.
    _exit(0);
}
