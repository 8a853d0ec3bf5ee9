#include "millrace/sketch/space_saving.hpp"
#include "sketch/codec_damage.hpp"
#include "support/seed.hpp"

#include <cmath>
#include <map>
#include <random>
#include <string>

using namespace millrace;
using namespace millrace::test;

namespace {

using sketch = space_saving<std::uint64_t>;
using counts = std::map<std::uint64_t, std::uint64_t>;

/// All that a sketch promises.
void check_promises(const sketch& seen, const counts& truth) {
  std::uint64_t total = 0;
  for (const auto& [key, count] : truth)
    total += count;
  REQUIRE(seen.total() == total);
  REQUIRE(seen.error_bound() * seen.capacity() <= total);
  REQUIRE(seen.size() <= seen.capacity());
  counts items;
  const auto all = seen.top(seen.capacity());
  REQUIRE(all.size() == seen.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& item = all[i];
    REQUIRE((i == 0 || all[i - 1].count >= item.count));
    const std::uint64_t real = truth.at(item.key);
    REQUIRE(item.count >= real);
    REQUIRE(item.guaranteed() <= real);
    REQUIRE(item.error <= seen.error_bound());
    REQUIRE((seen.bounds(item.key) == std::pair{item.guaranteed(), item.count}));
    REQUIRE(items.emplace(item.key, item.count).second);
  }
  for (const auto& [key, count] : truth) {
    if (count * seen.capacity() > total)
      REQUIRE(items.contains(key));
    if (!items.contains(key))
      REQUIRE(count <= seen.error_bound());
    REQUIRE(seen.bounds(key).second >= count);
  }
  for (const auto& item : seen.guaranteed(total / 20 + 1))
    REQUIRE(truth.at(item.key) >= total / 20 + 1);
}

/// Keys from very uneven to even.
std::uint64_t draw(std::mt19937_64& random, int shape) {
  const double u = std::uniform_real_distribution<>(1e-4, 1)(random);
  return shape == 0   ? static_cast<std::uint64_t>(1 / u)
         : shape == 1 ? static_cast<std::uint64_t>(50 * u * u)
                      : random() % 3'000;
}

} // namespace

static_assert(codec_for<space_saving<std::string>> && codec_for<space_saving<std::string_view>>);

TEST_CASE("few keys are counted exactly") {
  space_saving<std::string> words(5);
  for (std::string word : {"b", "a", "b", "c", "b", "a"})
    words.add(word);
  const auto top = words.top(2);
  REQUIRE(top.size() == 2);
  CHECK((top[0] == space_saving<std::string>::item{"b", 3, 0}));
  CHECK((top[1] == space_saving<std::string>::item{"a", 2, 0}));
  CHECK(words.error_bound() == 0);
  CHECK(words.bounds("zebra") == std::pair<std::uint64_t, std::uint64_t>{0, 0});
  CHECK(words.top(100).size() == 3);
  CHECK(words.guaranteed(2).size() == 2);
}

TEST_CASE("every promise holds for streams of every shape, with and without weights") {
  std::mt19937_64 random(test::seed());
  for (int shape : {0, 1, 2})
    for (std::size_t capacity : {1u, 2u, 7u, 40u, 300u}) {
      sketch seen(capacity);
      counts truth;
      for (int i = 0; i < 20'000; ++i) {
        const std::uint64_t key = draw(random, shape);
        const std::uint64_t weight = capacity % 2 == 0 ? 1 : random() % 9;
        seen.add(key, weight);
        if (weight != 0)
          truth[key] += weight;
        if (i % 4'001 == 0)
          check_promises(seen, truth);
      }
      check_promises(seen, truth);
    }
}

TEST_CASE("every promise holds after merging, however the stream was divided") {
  std::mt19937_64 random(test::seed());
  for (int shape : {0, 1, 2})
    for (std::size_t capacity : {1u, 7u, 50u})
      for (std::size_t parts : {2u, 5u, 64u}) {
        std::vector<sketch> sketches(parts, sketch(capacity));
        counts truth;
        for (int i = 0; i < 10'000; ++i) {
          const std::uint64_t key = draw(random, shape);
          ++truth[key];
          sketches[random() % 3 == 0 ? key % parts : random() % parts].add(key);
        }
        sketch one_by_one(capacity);
        for (const auto& each : sketches)
          one_by_one.merge(each);
        check_promises(one_by_one, truth);
        for (std::size_t step = 1; step < parts; step *= 2)
          for (std::size_t i = 0; i + step < parts; i += 2 * step)
            sketches[i].merge(sketches[i + step]);
        check_promises(sketches[0], truth);
        for (int i = 0; i < 3'000; ++i) {
          const std::uint64_t key = draw(random, shape);
          ++truth[key];
          sketches[0].add(key);
        }
        check_promises(sketches[0], truth);
      }
}

TEST_CASE("merging is the same from both sides") {
  std::mt19937_64 random(test::seed());
  sketch a(30);
  sketch b(30);
  for (int i = 0; i < 5'000; ++i) {
    a.add(draw(random, 0));
    b.add(draw(random, 1));
  }
  sketch ab = a;
  ab.merge(b);
  sketch ba = b;
  ba.merge(a);
  CHECK((ab.top(30) == ba.top(30)));
  CHECK(ab.error_bound() == ba.error_bound());
  sketch twice = a;
  twice.merge(twice);
  CHECK(twice.total() == 2 * a.total());
  CHECK(twice.top(1)[0].count == 2 * a.top(1)[0].count);
}

TEST_CASE("text may come as views, and is owned") {
  space_saving<std::string_view> words(3);
  std::string text = "a word that is longer than a short string";
  words.add(std::string_view{text});
  words.add(text);
  text.assign(text.size(), '#');
  CHECK(words.top(1)[0].key == "a word that is longer than a short string");
  CHECK(words.top(1)[0].count == 2);
  space_saving<std::string> strings(3);
  strings.add(std::string_view{"x"});
  strings.add("x");
  CHECK(strings.top(1)[0].count == 2);
  const std::vector<std::string_view> many{"p", "q", "p"};
  words.add(many);
  CHECK(words.bounds("p").first == 2);
}

TEST_CASE("memory is bounded by the capacity") {
  std::mt19937_64 random(test::seed());
  sketch seen(100);
  for (int i = 0; i < 10'000; ++i)
    seen.add(random());
  CHECK(seen.memory_bytes() <= 100 * 100 + 2'000);
}

TEST_CASE("a stored sketch goes on exactly as the one it was made from") {
  std::mt19937_64 random(test::seed());
  for (std::size_t n : {0u, 5u, 1'000u}) {
    sketch seen(20);
    for (std::size_t i = 0; i < n; ++i)
      seen.add(draw(random, 1));
    auto restored = decoded<sketch>(encoded(seen));
    REQUIRE(restored);
    for (int i = 0; i < 2'000; ++i) {
      const std::uint64_t key = draw(random, 2);
      seen.add(key);
      restored->add(key);
    }
    CHECK(encoded(*restored) == encoded(seen));
    CHECK((restored->top(20) == seen.top(20)));
  }
}

TEST_CASE("other capacities are refused") {
  CHECK_THROWS_AS(sketch(0), stream_error);
  CHECK_THROWS_AS(sketch(sketch::max_capacity + 1), stream_error);
  sketch seen(10);
  seen.add(1);
  try {
    seen.merge(sketch(11));
    FAIL("sketches of two capacities were merged");
  } catch (const stream_error& e) {
    CHECK(e.code() == errc::invalid_argument);
    CHECK(std::string(e.what()).find("10 and 11") != std::string::npos);
  }
  CHECK(seen.total() == 1);
}

TEST_CASE("a stored sketch that is cut or damaged is an error or still a sketch") {
  std::mt19937_64 random(test::seed());
  for (std::size_t n : {0u, 3u, 500u}) {
    space_saving<std::string> seen(12);
    for (std::size_t i = 0; i < n; ++i)
      seen.add("key " + std::to_string(draw(random, 1)));
    check_damaged(seen, [](space_saving<std::string>& read) {
      CHECK(read.error_bound() <= read.total() / read.capacity());
      for (int i = 0; i < 20; ++i)
        read.add(std::to_string(i));
    });
  }
}
