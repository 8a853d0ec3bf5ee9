#include "millrace/window/window_fold.hpp"
#include "support/seed.hpp"

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

constexpr std::size_t never = ~std::size_t{0};

/// Fails the call that comes after `until` others.
struct fuse {
  std::size_t until = never;

  void burn() {
    if (until-- == 0) {
      until = never;
      throw std::runtime_error("the function failed");
    }
  }
};

struct concatenate {
  std::shared_ptr<fuse> burning = std::make_shared<fuse>();

  std::string operator()(const std::string& older, const std::string& newer) const {
    burning->burn();
    return older + newer;
  }
};

struct cut_front {
  std::shared_ptr<fuse> burning;

  std::string operator()(const std::string& all, const std::string& oldest) const {
    burning->burn();
    if (!all.starts_with(oldest))
      throw std::logic_error("the oldest value is not in front");
    return all.substr(oldest.size());
  }
};

using model = std::map<std::int64_t, std::string>;

std::optional<std::string> expected(const model& values, std::int64_t now, std::int64_t length) {
  std::optional<std::string> all;
  for (const auto& [time, value] : values)
    if (time > now - length && time <= now)
      all = all.value_or("") + value;
  return all;
}

/// Batches with gaps and without data, failures at random calls, retries and rollbacks for nothing.
template <class Window>
void check_random(Window window, fuse& burning, std::int64_t length, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  model committed;
  std::int64_t now = static_cast<std::int64_t>(random() % 1000);
  for (int slide = 0; slide < 150; ++slide) {
    const std::int64_t before = now;
    model next = committed;
    std::vector<std::pair<std::int64_t, std::optional<std::string>>> batches(1 + random() % 3);
    for (auto& [time, value] : batches) {
      time = now += static_cast<std::int64_t>(10 * (1 + (random() % 8 == 0 ? random() % 30 : 0)));
      if (random() % 4 != 0)
        value = next[time] = std::string(1, static_cast<char>('a' + random() % 26));
    }
    for (bool done = false; !done;) {
      burning.until = random() % 2 == 0 ? random() % 8 : never;
      try {
        for (const auto& [time, value] : batches) {
          window.begin(batch_time{time});
          window.push(value);
        }
        const auto all = window.query();
        REQUIRE(all == expected(next, now, length));
        done = random() % 8 != 0;
      } catch (const std::runtime_error&) {
      }
      if (done)
        break;
      window.rollback();
      if (random() % 3 == 0) {
        burning.until = never;
        REQUIRE(window.query() == expected(committed, before, length));
      }
    }
    burning.until = never;
    window.commit();
    committed = next;
    REQUIRE(window.query() == expected(committed, now, length));
  }
}

} // namespace

TEST_CASE("windows of every kind agree with recomputing, with failures and retries") {
  std::mt19937_64 seeds(test::seed());
  for (std::int64_t length : {10, 20, 50, 300, 5'000}) {
    const concatenate combine;
    check_random(window_fold<std::string, concatenate>(duration{length}, combine), *combine.burning,
                 length, seeds());
    check_random(inverse_window_fold<std::string, concatenate, cut_front>(
                     duration{length}, combine, cut_front{combine.burning}),
                 *combine.burning, length, seeds());
  }
}

TEST_CASE("a value leaves when it is as old as the window is long") {
  window_fold<int, std::plus<>> window(seconds(2));
  window.begin(batch_time{1'000});
  window.push(1);
  window.commit();
  window.begin(batch_time{2'999});
  CHECK(window.query() == 1);
  window.push(std::nullopt);
  window.commit();
  window.begin(batch_time{3'000});
  CHECK_FALSE(window.query());
  CHECK(window.size() == 0);
}

TEST_CASE("Spark's reduceByWindow over counts") {
  inverse_window_fold<int, std::plus<>, std::minus<>> window(seconds(2));
  std::vector<int> shown;
  std::int64_t now = 0;
  for (int count : {1, 1, 2, 1, 0, 0}) {
    window.begin(batch_time{now += 1'000});
    window.push(count);
    shown.push_back(window.query().value());
    window.commit();
  }
  CHECK(shown == std::vector<int>{1, 2, 3, 3, 1, 0});
}

TEST_CASE("a rollback puts the value of an inverse window back to the bit") {
  inverse_window_fold<double, std::plus<>, std::minus<>> window(milliseconds(30));
  std::mt19937_64 random(test::seed());
  std::int64_t now = 0;
  for (int i = 0; i < 200; ++i) {
    const auto before = window.query();
    const double value = static_cast<double>(random()) * 1e-10;
    now += 10;
    window.begin(batch_time{now});
    window.push(value);
    const auto after = window.query();
    window.rollback();
    REQUIRE(window.query() == before);
    window.begin(batch_time{now});
    window.push(value);
    REQUIRE(window.query() == after);
    window.commit();
  }
}

TEST_CASE("after a commit nothing is undone") {
  window_fold<int, std::plus<>> window(milliseconds(30));
  window.begin(batch_time{10});
  window.push(1);
  window.commit();
  window.rollback();
  CHECK(window.query() == 1);
}

TEST_CASE("what a checkpoint keeps restores the window") {
  const concatenate combine;
  window_fold<std::string, concatenate> window(milliseconds(40), combine);
  for (std::int64_t now = 10; now <= 100; now += 10) {
    window.begin(batch_time{now});
    window.push(std::to_string(now) + " ");
    window.commit();
  }
  window_fold<std::string, concatenate> restored(milliseconds(40), combine);
  window.for_each_batch([&](batch_time time, const std::string& value) {
    restored.begin(time);
    restored.push(value);
    restored.commit();
  });
  CHECK(restored.query() == "70 80 90 100 ");
  restored.begin(batch_time{110});
  CHECK(restored.query() == "80 90 100 ");
}

TEST_CASE("misuse is refused and changes nothing") {
  CHECK_THROWS_AS((window_fold<int, std::plus<>>(duration{0})), stream_error);
  window_fold<int, std::plus<>> window(seconds(1));
  CHECK_THROWS_AS(window.push(1), stream_error);
  window.begin(batch_time{500});
  window.push(1);
  try {
    window.begin(batch_time{500});
    FAIL("the same batch came twice");
  } catch (const stream_error& e) {
    CHECK(e.code() == errc::illegal_state);
    CHECK(std::string(e.what()).find("500 ms") != std::string::npos);
  }
  window.commit();
  CHECK(window.query() == 1);
}
