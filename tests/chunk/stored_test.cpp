#include "millrace/chunk/stored.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <list>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <valarray>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

// The same type, whatever it is.
static_assert(stored_as<int, int> && stored_as<const std::string&, std::string>);
static_assert(stored_as<std::string_view, std::string_view>);
static_assert(stored_as<std::vector<std::string_view>&&, std::vector<std::string_view>>);

// Numbers only become wider ones.
static_assert(stored_as<int, std::int64_t> && stored_as<std::uint32_t, std::int64_t>);
static_assert(stored_as<std::uint8_t, int> && stored_as<bool, int>);
static_assert(stored_as<int, double> && stored_as<float, double>);
static_assert(!stored_as<std::int64_t, int> && !stored_as<int, std::uint64_t>);
static_assert(!stored_as<std::uint64_t, std::int64_t> && !stored_as<int, std::int16_t>);
static_assert(!stored_as<double, int> && !stored_as<double, float>);
static_assert(!stored_as<std::int64_t, double>, "53 bits do not hold 63");
static_assert(!stored_as<int, bool> && !stored_as<int*, bool>);

// Text is copied into a string; nothing becomes a view.
static_assert(stored_as<std::string_view, std::string> && stored_as<const char*, std::string>);
static_assert(!stored_as<std::string, std::string_view>);
static_assert(!stored_as<const char*, std::string_view>);
static_assert(!stored_as<int, std::string>);

// The same inside pair, tuple and optional.
static_assert(stored_as<std::pair<std::string_view, int>, std::pair<std::string, long>>);
static_assert(!stored_as<std::pair<std::string, int>, std::pair<std::string_view, int>>);
static_assert(!stored_as<std::pair<int, double>, std::pair<int, int>>);
static_assert(stored_as<std::tuple<int, const char*>, std::tuple<long, std::string>>);
static_assert(!stored_as<std::tuple<int>, std::tuple<int, int>>);
static_assert(stored_as<std::nullopt_t, std::optional<int>> && stored_as<int, std::optional<long>>);
static_assert(stored_as<std::optional<int>, std::optional<long>>);
static_assert(!stored_as<std::optional<double>, std::optional<int>>);
static_assert(!stored_as<std::optional<std::string>, std::optional<std::string_view>>);
static_assert(!stored_as<std::optional<int>, int>);
static_assert(stored_as<std::tuple<int&, const std::string&>, std::tuple<int, std::string>>);

// A class takes what it is made of; not so a view, nor a class by its name only.
static_assert(stored_as<int, std::variant<int, std::string>>);
static_assert(!stored_as<std::string, std::span<const char>>);
static_assert(!stored_as<std::pair<int, std::int64_t>, std::pair<int, int>>);

// What holds views, and what owns the same.
template <class T, class Owned>
constexpr bool owns = contains_view_v<T> && std::is_same_v<owned_t<T>, Owned>;
static_assert(owns<std::set<std::string_view>, std::set<std::string>>);
static_assert(owns<std::map<std::string_view, int>, std::map<std::string, int>>);
static_assert(owns<std::unordered_map<int, std::optional<std::string_view>>,
                   std::unordered_map<int, std::optional<std::string>>>);
static_assert(owns<std::list<std::string_view>, std::list<std::string>>);
static_assert(owns<std::array<std::string_view, 2>, std::array<std::string, 2>>);
static_assert(owns<std::variant<int, std::string_view>, std::variant<int, std::string>>);
static_assert(!contains_view_v<std::string> && !contains_view_v<std::map<int, std::string>>);
static_assert(std::is_same_v<owned_t<std::map<int, int>>, std::map<int, int>>);

namespace {

using view = std::string_view;
using keyed_view = std::pair<view, int>;

auto join = [](view a, view b) { return std::string(a) + std::string(b); };
auto larger = [](view a, view b) { return std::max(a, b); };
auto either = [](keyed_view a, keyed_view b) {
  return std::pair(std::string(a.first) + std::string(b.first), a.second + b.second);
};
auto halves = [](int a, int b) { return (a + b) / 2.0; };

static_assert(std::is_same_v<reduced_t<decltype(join), view>, std::string>);
static_assert(std::is_same_v<reduced_t<decltype(larger), view>, view>);
static_assert(std::is_same_v<reduced_t<decltype(larger), std::string>, std::string>);
static_assert(std::is_same_v<reduced_t<decltype(either), keyed_view>, std::pair<std::string, int>>);
static_assert(std::is_same_v<reduced_t<std::plus<>, std::int64_t>, std::int64_t>);
static_assert(!reduces<decltype(halves), int>);
static_assert(!reduces<std::plus<>, std::int16_t>, "a sum of shorts is an int");
static_assert(!reduces<std::plus<int>, std::int64_t>, "it would cut each value to an int");
static_assert(reduces<std::logical_or<>, char>, "a truth is a number of any type");
static_assert(reduces<std::plus<>, std::valarray<double>>, "what it returns becomes a valarray");
static_assert(!reduces<decltype(join), int>, "it cannot be called at all");

/// f over the words, from the left, as R.
template <class R, class V, class F>
R folded(F f, const std::vector<V>& values) {
  R sum = reduce_start<R>(V(values.front()));
  for (std::size_t i = 1; i < values.size(); ++i)
    reduce_into<V>(f, sum, V(values[i]));
  return sum;
}

} // namespace

TEST_CASE("a reduction of views that returns owned text keeps the text") {
  const std::vector<view> words{"a text that is longer than a string holds in place", ", ", "b"};
  CHECK(folded<std::string>(join, words) ==
        "a text that is longer than a string holds in place, b");
  CHECK(folded<view>(larger, words) == "b");
  CHECK(folded<std::pair<std::string, int>>(either, std::vector<keyed_view>{{"x", 1}, {"y", 2}}) ==
        std::pair<std::string, int>("xy", 3));
}

TEST_CASE("a function that returns a view of its arguments serves owned text too") {
  const std::vector<std::string> words{"one that is much longer than the others, and greater", "a"};
  CHECK(folded<std::string>(larger, words) == words[0]);
}

TEST_CASE("two partial results are reduced as values are") {
  std::string sum = "left, longer than what a string holds in place";
  reduce_into<view>(join, sum, std::string(" and right"));
  CHECK(sum == "left, longer than what a string holds in place and right");
}

TEST_CASE("containers, arrays and variants of views are copied with their text") {
  std::string text = "a text that is longer than a string holds in place";
  const std::map<view, std::set<view>> words{{text, {text, "b"}}};
  const std::array<view, 2> two{text, "b"};
  const std::variant<int, view> one = view(text);
  auto owned_words = to_owned(words);
  auto owned_two = to_owned(two);
  auto owned_one = to_owned(one);
  const std::string kept = text;
  std::fill(text.begin(), text.end(), '-');
  CHECK(owned_words == std::map<std::string, std::set<std::string>>{{kept, {kept, "b"}}});
  CHECK(owned_two == std::array<std::string, 2>{kept, "b"});
  CHECK(owned_one == std::variant<int, std::string>(kept));
}

TEST_CASE("a value that is only convertible becomes what is stored") {
  CHECK(as_stored<std::string>(view{"text"}) == "text");
  CHECK(as_stored<std::int64_t>(-1) == -1);
  CHECK(as_stored<std::optional<std::string>>(view{"text"}) == "text");
  CHECK(as_stored<std::pair<std::string, double>>(std::pair(view{"half"}, 0.5F)).second == 0.5);
}
