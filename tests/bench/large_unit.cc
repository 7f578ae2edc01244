// A large translation unit: much of the standard library, and templates that it has to instantiate.
// The compiler's stacks are deep and varied.
#include <algorithm>
#include <filesystem>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

template <int Number> struct Thing {
    std::map<std::string, std::vector<std::tuple<int, double, std::string>>> table;
    std::unordered_map<std::string, std::variant<int, std::string, std::shared_ptr<Thing>>> index;
    std::function<bool(const std::string &)> accepts = [](const std::string &text) {
        return std::regex_match(text, std::regex("[a-z]+" + std::to_string(Number)));
    };

    int add(const std::string &name)
    {
        table[name].emplace_back(Number, 1.5 * Number, name);
        index[name] = std::make_shared<Thing>();
        std::ostringstream stream;
        for (const auto &[key, rows] : table) {
            stream << key << accepts(key) << rows.size();
        }
        std::set<std::string> words{stream.str(), name};
        std::vector<std::string> sorted(words.begin(), words.end());
        std::sort(sorted.begin(), sorted.end(),
                  [](const auto &a, const auto &b) { return a.size() < b.size(); });
        return static_cast<int>(sorted.size()) + Number;
    }
};

template <int... Numbers> int add_all(std::integer_sequence<int, Numbers...>)
{
    return (Thing<Numbers>().add("thing") + ...);
}

int main()
{
    return add_all(std::make_integer_sequence<int, UNITS>()) == 0;
}
