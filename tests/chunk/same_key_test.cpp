#include "millrace/chunk/keyed_table.hpp"

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

constexpr double odd = std::numeric_limits<double>::quiet_NaN();

/// How many entries a table has after the keys, each added three times, and that each key is found.
template <class K>
std::size_t entries_of(const std::vector<K>& keys) {
  keyed_table<K, int> table{hash_seed{5}};
  for (int round = 0; round < 3; ++round)
    for (auto& key : keys)
      ++table.get_or_insert(key, table.hash_of(key), [] { return 0; });
  for (auto& key : keys)
    CHECK(table.find(key, table.hash_of(key)) != nullptr);
  return table.size();
}

/// A type of a user's, compared as same_key's description says.
struct reading {
  int place;
  double value;
  friend bool operator==(const reading& a, const reading& b) {
    return same_key(std::tie(a.place, a.value), std::tie(b.place, b.value));
  }
  friend std::uint64_t millrace_hash(const reading& r, hash_seed seed) {
    return key_hash<std::tuple<int, double>>{}({r.place, r.value}, seed);
  }
};

} // namespace

TEST_CASE("NaN is one key, and so are the two zeros, inside keys of any kind") {
  using text_and_number = std::pair<std::string, double>;
  CHECK(entries_of<double>({odd, -odd, 0.0, -0.0, 1.0}) == 3);
  CHECK(entries_of<std::pair<int, double>>({{1, odd}, {1, -odd}, {2, odd}, {1, 0.0}, {1, -0.0}}) ==
        3);
  CHECK(entries_of<text_and_number>({{"a", odd}, {"a", -odd}, {"b", odd}}) == 2);
  CHECK(entries_of<std::tuple<float, int, std::string>>(
            {{odd, 1, "a"}, {odd, 1, "a"}, {odd, 1, "b"}, {0.0F, 1, "a"}, {-0.0F, 1, "a"}}) == 3);
  CHECK(entries_of<std::optional<double>>({odd, -odd, std::nullopt, 0.0, -0.0}) == 3);
  CHECK(entries_of<std::vector<double>>({{odd}, {-odd}, {odd, odd}, {}, {0.0, odd}, {-0.0, odd}}) ==
        4);
  CHECK(entries_of<std::variant<int, double, float>>({odd, -odd, 0, 0.0, -0.0, 1.0F}) == 4);
  CHECK(entries_of<std::pair<std::optional<std::tuple<std::vector<double>>>, int>>(
            {{{{{1, odd}}}, 1}, {{{{1, -odd}}}, 1}, {{{{odd, 1}}}, 1}, {std::nullopt, 1}}) == 3);
  CHECK(entries_of<reading>({{1, odd}, {1, -odd}, {1, 0.0}, {1, -0.0}}) == 2);
}

TEST_CASE("keys with parts are told apart by each part") {
  CHECK_FALSE(same_key(std::pair(1, odd), std::pair(2, odd)));
  CHECK_FALSE(same_key(std::pair(1, odd), std::pair(1, 1.0)));
  CHECK_FALSE(same_key(std::tuple(odd, "a"), std::tuple(odd, "b")));
  CHECK_FALSE(same_key(std::optional<double>{}, std::optional<double>{odd}));
  CHECK(same_key(std::optional<double>{}, std::optional<double>{}));
  CHECK_FALSE(same_key(std::vector<double>{odd}, std::vector<double>{odd, odd}));
  CHECK_FALSE(same_key(std::variant<int, double>{0}, std::variant<int, double>{0.0}));
  CHECK(same_key(std::variant<int, double>{7}, std::variant<int, double>{7}));
  CHECK(same_key(std::pair<std::string, double>{"a", odd},
                 std::pair<std::string_view, double>{"a", odd}));
  CHECK(same_key(std::vector<bool>{true}, std::vector<bool>{true}));
}

TEST_CASE("what same_key says is one key has one hash") {
  const auto hash = []<class K>(const K& key) { return key_hash<K>{}(key, hash_seed{3}); };
  using number = std::variant<int, double>;
  CHECK(hash(number{odd}) == hash(number{-odd}));
  CHECK(hash(number{0.0}) == hash(number{-0.0}));
  CHECK(hash(number{0}) != hash(number{0.0}));
  CHECK(hash(std::pair(number{odd}, 1)) == hash(std::pair(number{-odd}, 1)));
  CHECK(hash(std::vector<double>{odd, 0.0}) == hash(std::vector<double>{-odd, -0.0}));
}
