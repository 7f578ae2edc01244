// Code for symbols_vs_addr2line.py: many functions, most of them from templates, many inlined into
// each other, some hot and some cold, local classes, lambdas, clones, C functions. Never run.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

extern "C" {
void sink(const void *pointer);
static __attribute__((noinline)) void c_static(const char *text)
{
    sink(text);
    std::puts(text);
}
inline void c_inline(const char *text)
{
    c_static(text);
    sink(text + 1);
}
void c_exported(const char *text)
{
    c_inline(text);
    c_inline(text + 1);
}
}

__attribute__((noinline)) void sink(const void *pointer)
{
    static volatile const void *kept;
    kept = pointer;
}

namespace shapes
{
template <typename Number, int Count> struct point {
    Number parts[Count];
    template <typename Other> point operator+(const point<Other, Count> &other) const
    {
        point sum = *this;
        for (int i = 0; i < Count; i++) {
            sum.parts[i] = static_cast<Number>(sum.parts[i] + other.parts[i]);
        }
        sink(&sum);
        return sum;
    }
};

class shape
{
  public:
    explicit shape(std::string name) : name_(std::move(name))
    {
        sink(this);
    }
    virtual ~shape()
    {
        sink(name_.c_str());
    }
    virtual double area() const = 0;

  protected:
    std::string name_;
};

template <int Sides> class polygon : public shape
{
  public:
    polygon() : shape("polygon" + std::to_string(Sides))
    {
        corners_.resize(Sides);
    }
    double area() const override
    {
        double total = 0;
        for (const auto &corner : corners_) {
            total += std::accumulate(corner.parts, corner.parts + 2, 0.0,
                                     [this](double left, double right) {
                                         sink(this);
                                         return left + right;
                                     });
        }
        return total;
    }

  private:
    std::vector<point<double, 2>> corners_;
};

namespace
{
template <typename... Parts> std::string joined(Parts &&...parts)
{
    std::ostringstream out;
    ((out << parts << ','), ...);
    return out.str();
}

__attribute__((noinline)) int split(int depth, std::vector<std::unique_ptr<shape>> &shapes)
{
    struct counter {
        int count = 0;
        void add(const shape &one)
        {
            sink(&one);
            count += one.area() > 0;
        }
    } counted;
    if (depth == 0) {
        return 0;
    }
    for (const auto &one : shapes) {
        counted.add(*one);
    }
    if (counted.count > 1000000) {
        c_exported("cold");
        throw std::runtime_error(joined("too many", depth, counted.count));
    }
    return counted.count + split(depth - 1, shapes);
}
} // namespace
} // namespace shapes

template <typename Key> static int histogram(const std::vector<Key> &keys)
{
    std::unordered_map<Key, int> counts;
    for (const Key &key : keys) {
        counts[key]++;
    }
    std::vector<std::pair<int, Key>> sorted;
    for (const auto &entry : counts) {
        sorted.emplace_back(entry.second, entry.first);
    }
    std::sort(sorted.begin(), sorted.end(), [](const auto &left, const auto &right) {
        sink(&left);
        return left.first > right.first;
    });
    return sorted.empty() ? 0 : sorted.front().first;
}

template <int Number> static int recurse(std::map<std::string, std::function<int(int)>> &steps)
{
    steps["step" + std::to_string(Number)] = [&steps](int value) {
        return value + static_cast<int>(steps.size());
    };
    if constexpr (Number > 0) {
        return recurse<Number - 1>(steps) + steps.begin()->second(Number);
    }
    return 0;
}

int main(int argc, char **argv)
{
    std::vector<std::unique_ptr<shapes::shape>> all;
    all.push_back(std::make_unique<shapes::polygon<3>>());
    all.push_back(std::make_unique<shapes::polygon<4>>());
    all.push_back(std::make_unique<shapes::polygon<5>>());
    std::vector<std::string> words(argv, argv + argc);
    std::map<std::string, std::function<int(int)>> steps;
    int total = shapes::split(argc, all) + histogram(words) + recurse<12>(steps);
    try {
        shapes::point<int, 3> left{{1, 2, 3}};
        shapes::point<long, 3> right{{4, 5, 6}};
        total += (left + right).parts[0];
        c_exported(words.at(9).c_str());
    } catch (const std::out_of_range &problem) {
        c_exported(problem.what());
    }
    char *copy = strdup("copied");
    total += static_cast<int>(strlen(copy));
    std::free(copy);
    return total & 1;
}
