#include "millrace/sketch/top_k.hpp"
#include "sketch/codec_damage.hpp"
#include "support/seed.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <string_view>

using namespace millrace;
using namespace millrace::test;

namespace {

struct tens {
  int operator()(int value) const { return value / 10; }
};

struct count_of {
  template <class Pair>
  long operator()(const Pair& pair) const {
    return pair.second;
  }
};

/// The greatest or, with a negative factor, the least counts.
struct scaled {
  long factor = 1;
  long operator()(const std::pair<std::string, long>& pair) const { return factor * pair.second; }
};

/// Only the tens count, so that many values are equivalent.
struct less_tens {
  bool operator()(int a, int b) const { return a / 10 < b / 10; }
};

/// The k greatest, equivalent ones in the order in which they came.
template <class T, class Less>
std::vector<T> expected(std::vector<T> values, std::size_t k, Less less) {
  std::stable_sort(values.begin(), values.end(),
                   [&](const T& a, const T& b) { return less(b, a); });
  values.resize(std::min(k, values.size()));
  return values;
}

std::vector<int> numbers(std::mt19937_64& random, std::size_t n, int shape) {
  std::vector<int> values(n);
  for (std::size_t i = 0; i < n; ++i)
    values[i] = shape == 0   ? static_cast<int>(random() % 1'000)
                : shape == 1 ? static_cast<int>(i)
                             : static_cast<int>(n - i);
  return values;
}

} // namespace

using word_count = std::pair<std::string, long>;
static_assert(codec_for<top_k<std::string>> &&
              codec_for<top_k<word_count, by_projection<count_of>>>);

/// Orders that `Less{}` would not make anew: a null pointer, another order, or nothing at all.
template <class Projection>
constexpr bool only_encodable = encodable<top_k<word_count, by_projection<Projection>>> &&
                                !decodable<top_k<word_count, by_projection<Projection>>>;
static_assert(only_encodable<long word_count::*> && only_encodable<scaled> &&
              only_encodable<long (*)(const word_count&)> &&
              only_encodable<std::function<long(const word_count&)>>);

TEST_CASE("the greatest values agree with sorting all, also where many are equivalent") {
  std::mt19937_64 random(test::seed());
  for (std::size_t k : {0u, 1u, 2u, 10u, 100u, 1'000u})
    for (std::size_t n : {0u, 1u, 9u, 65u, 2'000u, 10'000u})
      for (int shape : {0, 1, 2}) {
        const std::vector<int> values = numbers(random, n, shape);
        top_k<int, less_tens> one_by_one(k);
        for (const int value : values)
          one_by_one.add(value);
        top_k<int, less_tens> by_spans(k);
        for (std::size_t at = 0; at < n;) {
          const std::size_t size = std::min<std::size_t>(n - at, random() % 1'500);
          by_spans.add(std::span{values}.subspan(at, size));
          at += size;
        }
        const auto greatest = expected(values, k, less_tens{});
        REQUIRE((one_by_one.sorted() == greatest));
        REQUIRE((by_spans.sorted() == greatest));
        REQUIRE(by_spans.size() == greatest.size());
      }
}

TEST_CASE("merging keeps the greatest of all, one's own first where they are equivalent") {
  std::mt19937_64 random(test::seed());
  for (std::size_t k : {1u, 10u, 300u}) {
    std::vector<int> all;
    top_k<int, less_tens> merged(k);
    for (int part = 0; part < 20; ++part) {
      const std::vector<int> values = numbers(random, random() % 900, part % 3);
      all.insert(all.end(), values.begin(), values.end());
      top_k<int, less_tens> other(k);
      other.add(std::span<const int>{values});
      merged.merge(other);
      REQUIRE((merged.sorted() == expected(all, k, less_tens{})));
    }
  }
  top_k<int> one(3);
  CHECK_THROWS_AS(one.merge(top_k<int>(4)), stream_error);
}

TEST_CASE("by a projection: descending counts, words of one count in their order") {
  using counted = std::pair<std::string, long>;
  top_k<counted, by_projection<count_of>> words(4);
  for (const auto& [word, count] : std::map<std::string, long>{
           {"pear", 2}, {"fig", 7}, {"apple", 2}, {"plum", 1}, {"date", 2}, {"lime", 9}})
    words.add(std::pair<std::string_view, long>{word, count});
  CHECK(
      (words.sorted() == std::vector<counted>{{"lime", 9}, {"fig", 7}, {"apple", 2}, {"date", 2}}));
  top_k<int, by_projection<tens>> reversed(5);
  for (int value : {31, 44, 42, 38, 49, 12})
    reversed.add(value);
  CHECK((reversed.sorted() == std::vector<int>{42, 44, 49, 31, 38}));
  by_projection longer{[](const std::string& text) { return text.size(); }};
  top_k<std::string, decltype(longer)> longest(1, longer);
  longest.add(std::string("aa"));
  longest.add(std::string("b"));
  CHECK(longest.sorted().front() == "aa");
}

TEST_CASE("memory is bounded by twice k") {
  top_k<std::uint64_t> greatest(1'000);
  for (std::uint64_t i = 0; i < 100'000; ++i)
    greatest.add(i);
  CHECK(greatest.memory_bytes() <= 2 * 1'000 * 16 + 200);
  CHECK(greatest.sorted().back() == 99'000);
  CHECK_THROWS_AS(top_k<int>(top_k<int>::max_k + 1), stream_error);
}

TEST_CASE("stored ones come back; cut or damaged ones are errors or still sorted") {
  std::mt19937_64 random(test::seed());
  for (std::size_t n : {0u, 4u, 3'000u}) {
    top_k<std::uint64_t> greatest(20);
    for (std::size_t i = 0; i < n; ++i)
      greatest.add(random() % 100'000);
    const auto restored = decoded<top_k<std::uint64_t>>(encoded(greatest));
    REQUIRE(restored);
    CHECK((restored->sorted() == greatest.sorted()));
    CHECK(restored->k() == 20);
    check_damaged(greatest, [](top_k<std::uint64_t>& read) {
      read.add(std::uint64_t{5});
      const auto values = read.sorted();
      CHECK(std::ranges::is_sorted(values, std::greater{}));
    });
  }
}

TEST_CASE("one whose order holds a value comes back when it is given that order") {
  using least = top_k<word_count, by_projection<scaled>>;
  const by_projection<scaled> order{{-1}};
  least counts(2, order);
  for (const auto& each : {word_count{"a", 3}, word_count{"b", 1}, word_count{"c", 2}})
    counts.add(each);
  const auto bytes = encoded(counts);
  decoder in{bytes};
  auto restored = codec<least>::decode(in, order);
  REQUIRE(restored);
  restored->add(word_count{"d", 0});
  CHECK((restored->sorted() == std::vector<word_count>{{"d", 0}, {"b", 1}}));
  decoder other{bytes};
  CHECK_FALSE(codec<least>::decode(other, by_projection<scaled>{{1}}));
}
