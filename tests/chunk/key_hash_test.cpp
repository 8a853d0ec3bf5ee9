#include "millrace/chunk/key_hash.hpp"
#include "support/seed.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <set>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

enum class colour : char { red, green };

struct point {
  int x, y;
  friend bool operator==(const point&, const point&) = default;
  friend std::uint64_t millrace_hash(const point& p, hash_seed seed) {
    return key_hash<std::pair<int, int>>{}({p.x, p.y}, seed);
  }
};

struct unhashable {
  friend bool operator==(const unhashable&, const unhashable&) = default;
};

struct known_to_std {
  int x;
  friend bool operator==(const known_to_std&, const known_to_std&) = default;
};

template <class K>
std::uint64_t hash(const K& key, std::uint64_t seed = 1) {
  return key_hash<K>{}(key, hash_seed{seed});
}

/// Chi-square of `hashes` thrown into `cells` cells, as standard deviations from what chance would
/// give.
template <class Cell>
double deviation(const std::vector<std::uint64_t>& hashes, std::size_t cells, Cell cell) {
  std::vector<std::size_t> count(cells);
  for (const std::uint64_t h : hashes)
    ++count[cell(h)];
  const double mean = double(hashes.size()) / double(cells);
  double chi_square = 0;
  for (const std::size_t n : count)
    chi_square += (double(n) - mean) * (double(n) - mean) / mean;
  return (chi_square - double(cells - 1)) / std::sqrt(2.0 * double(cells - 1));
}

/// A hash may spread better than chance (a bijection of sequential numbers does), but not notably
/// worse.
template <class MakeKey>
void check_spread(const std::string& what, MakeKey make_key) {
  std::mt19937_64 random(test::seed());
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{random()}}) {
    std::vector<std::uint64_t> hashes;
    for (std::uint64_t i = 0; i < 200'000; ++i)
      hashes.push_back(hash(make_key(i), seed));
    CAPTURE(what);
    CAPTURE(seed);
    CHECK(deviation(hashes, 1024, [](std::uint64_t h) { return h & 1023; }) < 8);
    CHECK(deviation(hashes, 1024, [](std::uint64_t h) { return (h >> 21) & 1023; }) < 8);
    CHECK(deviation(hashes, 1024, [](std::uint64_t h) { return h >> 54; }) < 8);
    CHECK(deviation(hashes, 1000, [](std::uint64_t h) { return route(h, 1000); }) < 8);
    CHECK(deviation(hashes, 7, [](std::uint64_t h) { return route(h, 7); }) < 8);
    CHECK(deviation(hashes, 4096, [](std::uint64_t h) { return (route(h, 64) << 6) | (h & 63); }) <
          8);
  }
}

} // namespace

template <>
struct std::hash<known_to_std> {
  std::size_t operator()(const known_to_std& key) const noexcept { return std::size_t(key.x); }
};

static_assert(keyable<bool> && keyable<char> && keyable<long> && keyable<colour>);
static_assert(keyable<double> && keyable<std::string> && keyable<std::string_view>);
static_assert(keyable<point> && keyable<known_to_std> && !keyable<unhashable>);
static_assert(keyable<std::pair<std::string, std::optional<std::vector<std::tuple<int, float>>>>>);
static_assert(!keyable<std::vector<unhashable>>);
static_assert(route(0, 5) == 0 && route(~std::uint64_t{0}, 5) == 4 && route(123, 1) == 0);

TEST_CASE("text hashes by its bytes, in std::string and std::string_view and at any address") {
  std::mt19937_64 random(test::seed());
  std::vector<char> page(3 * 4096);
  for (std::size_t size = 0; size <= 300; ++size) {
    std::string text(size, '\0');
    for (char& c : text)
      c = static_cast<char>(random());
    const std::uint64_t expected = hash(text);
    CHECK(hash(std::string_view(text)) == expected);
    const std::size_t to_page_end = 4096 - reinterpret_cast<std::uintptr_t>(page.data()) % 4096;
    for (std::size_t shift : {std::size_t{0}, std::size_t{3}, size, size / 2, size + 5}) {
      char* place = page.data() + to_page_end + 4096 - shift;
      std::copy(text.begin(), text.end(), place);
      CHECK(hash(std::string_view(place, size)) == expected);
      CHECK(same_key(std::string_view(place, size), text));
    }
    CHECK(hash(text, 2) != expected);
    if (size > 0) {
      std::string other = text;
      other[random() % size] ^= 1 << (random() % 8);
      CHECK(hash(other) != expected);
      CHECK_FALSE(same_key(other, text));
    }
    CHECK(hash(text + '\0') != expected);
  }
  CHECK(hash(std::string_view()) == hash(std::string()));
}

TEST_CASE("equal keys hash alike, unequal ones apart") {
  CHECK(hash(0.0) == hash(-0.0));
  CHECK(hash(1.5f) == hash(1.5));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(hash(nan) == hash(-nan));
  CHECK(same_key(nan, -nan));
  CHECK(hash(colour::red) != hash(colour::green));
  CHECK(hash(true) != hash(false));
  CHECK(hash(std::pair(1, 2)) != hash(std::pair(2, 1)));
  CHECK(hash(std::tuple(1, 2)) == hash(std::tuple(1, 2)));
  CHECK(hash(std::tuple(1, 2)) != hash(std::tuple(2, 1)));
  CHECK(hash(std::optional<int>()) != hash(std::optional<int>(0)));
  CHECK(hash(std::vector<int>{}) != hash(std::vector<int>{0}));
  CHECK(hash(std::vector<int>{0}) != hash(std::vector<int>{0, 0}));
  CHECK(hash(std::vector<bool>{true, false}) != hash(std::vector<bool>{false, true}));
  CHECK(hash(std::pair(std::string("a"), 1)) == hash(std::pair(std::string_view("a"), 1)));
  CHECK(hash(point{1, 2}) == hash(std::pair(1, 2)));
  CHECK(hash(known_to_std{1}) != hash(known_to_std{2}));
  CHECK(hash(known_to_std{1}, 1) != hash(known_to_std{1}, 2));
}

TEST_CASE("short texts that differ only in length or in zero bytes at their end differ in hash") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    std::set<std::uint64_t> hashes;
    for (std::size_t size = 0; size <= 40; ++size)
      hashes.insert(hash(std::string(size, '\0'), seed));
    CHECK(hashes.size() == 41);
  }
}

TEST_CASE("hash_chunk gives what key_hash gives") {
  const std::vector<std::string_view> words{"",         "a",         "bcd",
                                            "abcdefgh", "abcdefghi", "0123456789abcdefg"};
  std::vector<std::uint64_t> hashes(words.size());
  hash_chunk<std::string_view>(words, hash_seed{3}, hashes.data());
  for (std::size_t i = 0; i < words.size(); ++i)
    CHECK(hashes[i] == hash(words[i], 3));
}

TEST_CASE("low, middle and high bits spread regular and chosen keys evenly under any seed") {
  check_spread("sequential", [](std::uint64_t i) { return i; });
  check_spread("multiples of 2^32", [](std::uint64_t i) { return i << 32; });
  check_spread("multiples of 2^46", [](std::uint64_t i) { return i << 46; });
  check_spread("multiples of 4096", [](std::uint64_t i) { return i << 12; });
  check_spread("high and low halves equal", [](std::uint64_t i) { return i << 32 | i; });
  check_spread("halves cancelling", [](std::uint64_t i) { return (0 - i) << 32 | i; });
  check_spread("doubles", [](std::uint64_t i) { return double(i); });
  check_spread("decimal text", [](std::uint64_t i) { return std::to_string(i); });
  check_spread("text of 9 to 16", [](std::uint64_t i) { return "key-value-" + std::to_string(i); });
  check_spread("long text",
               [](std::uint64_t i) { return std::string(30, 'x') + std::to_string(i); });
  check_spread("last bytes of 8", [](std::uint64_t i) {
    std::string key(8, 'k');
    for (int at = 5; at < 8; ++at, i >>= 8)
      key[at] = static_cast<char>(i);
    return key;
  });
  check_spread("last bytes of 16", [](std::uint64_t i) {
    std::string key(16, 'k');
    for (int at = 13; at < 16; ++at, i >>= 8)
      key[at] = static_cast<char>(i);
    return key;
  });
  check_spread("pairs", [](std::uint64_t i) { return std::pair(int(i % 500), long(i / 500)); });
  check_spread("tuples", [](std::uint64_t i) { return std::tuple(int(i & 1), i >> 1, 'x'); });
}

TEST_CASE("a flipped bit of the key or the seed flips about half of the hash") {
  std::mt19937_64 random(test::seed());
  constexpr int samples = 2'000;
  for (int bit = 0; bit < 64; ++bit) {
    double flipped = 0, flipped_by_seed = 0;
    for (int i = 0; i < samples; ++i) {
      const std::uint64_t key = random(), seed = random();
      flipped += std::popcount(hash(key, seed) ^ hash(key ^ (std::uint64_t{1} << bit), seed));
      flipped_by_seed +=
          std::popcount(hash(key, seed) ^ hash(key, seed ^ (std::uint64_t{1} << bit)));
    }
    CAPTURE(bit);
    CHECK(flipped / samples > 20);
    CHECK(flipped / samples < 44);
    CHECK(flipped_by_seed / samples > 20);
  }
}
