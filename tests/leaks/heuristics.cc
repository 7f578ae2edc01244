/* Blocks known by one pointer inside each, some of which look like what memcheck's heuristics know.
 */
#define _GLIBCXX_USE_CXX11_ABI 0
#include <cstdint>
#include <string>

#include "leaks.h"

struct counted {
    char *text = new char[30];
    ~counted()
    {
        delete[] text;
    }
};

/* Its count is 16 bytes before it, of which the last 8 hold it. */
struct alignas(16) aligned_counted {
    char *text = new char[20];
    ~aligned_counted()
    {
        delete[] text;
    }
};

struct first_base {
    virtual ~first_base() = default;
    long first = 1;
};

struct second_base {
    virtual ~second_base() = default;
    long second = 2;
};

struct third_base {
    virtual ~third_base() = default;
    long third = 3;
};

struct virtual_base {
    virtual ~virtual_base() = default;
    long value = 4;
};

struct with_two : first_base, second_base {
};
struct with_three : first_base, second_base, third_base {
};
struct with_virtual : virtual virtual_base {
    long own = 5;
};

/* Two words that are no tables of virtual functions. */
struct without_tables {
    long first[3] = {1, 2, 3};
    long second = 4;
};

static const void *kept[32];
static size_t kept_count;

/* Keep one pointer into a block, and no other. */
static NOINLINE void keep_inside(const void *pointer)
{
    kept[kept_count++] = keep(const_cast<void *>(pointer));
}

/* @first: the block's first word. */
static NOINLINE void keep_sized(size_t bytes, uint64_t first, size_t offset)
{
    char *made = static_cast<char *>(block(bytes));
    memcpy(made, &first, sizeof first);
    keep_inside(made + offset);
}

static NOINLINE void make_strings()
{
    std::string *text = new std::string(280, 'x');
    keep_inside(text->c_str());
    (void)keep(text);
    char *odd = static_cast<char *>(block(24 + 300)); // length above capacity
    const uint64_t header[3] = {400, 299, 0};
    memcpy(odd, header, sizeof header);
    keep_inside(odd + 24);
    char *middle = static_cast<char *>(block(24 + 100));
    const uint64_t good[3] = {50, 99, 0};
    memcpy(middle, good, sizeof good);
    keep_inside(middle + 32); // not where the text begins
}

static NOINLINE void make_lengths()
{
    keep_sized(8 + 64, 64, 8);
    keep_sized(8 + 64, 63, 8); // one less
    keep_sized(8 + 64, 64, 16);
}

static NOINLINE void make_arrays()
{
    keep_inside(new counted[5]);
    keep_inside(new aligned_counted[3]);
    keep_sized(8 + 48, 6, 8);  // six of eight bytes
    keep_sized(8 + 50, 6, 8);  // does not divide
    keep_sized(8 + 48, 0, 8);  // none
    keep_sized(8 + 48, 6, 24); // the third one
}

static NOINLINE void make_objects()
{
    keep_inside(static_cast<second_base *>(new with_two));
    keep_inside(static_cast<third_base *>(new with_three));
    keep_inside(static_cast<second_base *>(new with_three));
    keep_inside(static_cast<virtual_base *>(new with_virtual));
    keep_inside(&(new without_tables)->second);
    keep_inside(reinterpret_cast<char *>(new with_two) + 8);
}

int main()
{
    make_strings();
    make_lengths();
    make_arrays();
    make_objects();
    forget();
    return 0;
}
