#include "millrace/window/daba_lite.hpp"
#include "millrace/window/running_fold.hpp"
#include "support/seed.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

/// How often a function was called, and when it is to fail.
struct calls {
  std::size_t made = 0;
  std::size_t fail_at = ~std::size_t{0};

  void count() {
    if (made++ == fail_at)
      throw std::runtime_error("the function failed");
  }
};

struct concatenate {
  std::shared_ptr<calls> counter = std::make_shared<calls>();

  std::string operator()(const std::string& older, const std::string& newer) const {
    counter->count();
    return older + newer;
  }
};

/// Two by two matrices modulo 2^32: associative, not commutative, trivially copyable.
using matrix = std::array<std::uint32_t, 4>;

matrix multiply(const matrix& a, const matrix& b) {
  return {a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3], a[2] * b[0] + a[3] * b[2],
          a[2] * b[1] + a[3] * b[3]};
}

struct larger {
  int operator()(int a, int b) const { return std::max(a, b); }
};

struct smaller {
  int operator()(int a, int b) const { return std::min(a, b); }
};

template <class V, class Combine>
std::optional<V> recomputed(const std::deque<V>& values, Combine combine) {
  std::optional<V> all;
  for (const V& each : values)
    all = all ? combine(*all, each) : each;
  return all;
}

/// Grows and shrinks in turns, so that all shapes of the queue are met.
template <class V, class Combine, class Draw>
void check_against_recompute(std::size_t steps, Combine combine, Draw draw) {
  std::mt19937_64 random(test::seed());
  daba_lite<V, Combine> window(combine);
  std::deque<V> model;
  std::size_t push_percent = 60;
  for (std::size_t step = 0; step < steps; ++step) {
    if (step % 50 == 0)
      push_percent = random() % 101;
    if (random() % 100 < push_percent && model.size() < 60) {
      model.push_back(draw(random));
      window.push(model.back());
    } else if (!model.empty()) {
      model.pop_front();
      window.pop();
    }
    REQUIRE(window.size() == model.size());
    REQUIRE(window.query() == recomputed(model, combine));
  }
}

std::string some_letters(std::mt19937_64& random) {
  return std::string(random() % 3, static_cast<char>('a' + random() % 26));
}

} // namespace

TEST_CASE("an empty window has no value, and nothing can be taken from it") {
  daba_lite<int, larger> window;
  CHECK(window.empty());
  CHECK_FALSE(window.query());
  try {
    window.pop();
    FAIL("popped nothing");
  } catch (const stream_error& e) {
    CHECK(e.code() == errc::illegal_state);
  }
  window.push(3);
  CHECK(window.query() == 3);
  window.pop();
  CHECK_FALSE(window.query());
  window.push(4);
  CHECK(window.query() == 4);
}

TEST_CASE("random pushes and pops agree with recomputing, in order") {
  check_against_recompute<std::string>(5'000, concatenate{}, some_letters);
  check_against_recompute<matrix>(20'000, multiply, [](auto& random) {
    const auto entry = [&] { return static_cast<std::uint32_t>(random()); };
    return matrix{entry(), entry(), entry(), entry()};
  });
  const auto number = [](auto& random) { return static_cast<int>(random() % 1000); };
  check_against_recompute<int>(20'000, larger{}, number);
  check_against_recompute<int>(20'000, smaller{}, number);
}

TEST_CASE("no operation calls the function more than three times, also where stacks would flip") {
  const concatenate combine;
  daba_lite<std::string, concatenate> window(combine);
  const auto most_calls = [&](std::size_t most, auto operation) {
    const std::size_t before = combine.counter->made;
    operation();
    REQUIRE(combine.counter->made - before <= most);
  };
  const auto push = [&] { most_calls(3, [&] { window.push("x"); }); };
  const auto pop = [&] { most_calls(2, [&] { window.pop(); }); };
  const auto query = [&] { most_calls(1, [&] { window.query(); }); };
  for (std::size_t length : {1u, 2u, 3u, 7u, 64u, 1000u}) {
    window.clear();
    for (std::size_t i = 0; i < length; ++i)
      push();
    for (std::size_t slide = 0; slide < 3 * length; ++slide) {
      push();
      pop();
      query();
    }
    while (!window.empty()) {
      pop();
      query();
    }
  }
  std::mt19937_64 random(test::seed());
  for (std::size_t step = 0; step < 20'000; ++step) {
    if (window.empty() || random() % 100 < 50 + step / 1000)
      push();
    else
      pop();
    query();
  }
}

TEST_CASE("a slide costs the same number of calls on average, whatever the length") {
  const auto calls_per_slide = [](std::size_t length) {
    const concatenate combine;
    daba_lite<std::string, concatenate> window(combine);
    for (std::size_t i = 0; i < length; ++i)
      window.push("");
    combine.counter->made = 0;
    for (std::size_t i = 0; i < 10'000; ++i) {
      window.pop();
      window.push("");
      window.query();
    }
    return combine.counter->made;
  };
  for (std::size_t length : {2u, 10u, 100u, 1'000u, 3'600u})
    CHECK(calls_per_slide(length) <= 5 * 10'000);
}

TEST_CASE("an exception of the function at any call leaves the window as it was") {
  std::mt19937_64 random(test::seed());
  const concatenate combine;
  daba_lite<std::string, concatenate> window(combine);
  std::deque<std::string> model;
  const auto all = [&] {
    std::string text;
    for (const auto& each : model)
      text += each;
    return text;
  };
  std::size_t failures = 0;
  for (std::size_t step = 0; step < 10'000; ++step) {
    combine.counter->fail_at = combine.counter->made + random() % 4;
    const bool push = model.empty() || random() % 100 < (step % 2'000 < 1'000 ? 60u : 40u);
    const std::string text = some_letters(random);
    try {
      if (push)
        window.push(text);
      else
        window.pop();
      push ? model.push_back(text) : model.pop_front();
    } catch (const std::runtime_error&) {
      ++failures;
    }
    combine.counter->fail_at = ~std::size_t{0};
    REQUIRE(window.size() == model.size());
    REQUIRE(window.query().value_or("") == all());
  }
  CHECK(failures > 100);
}

TEST_CASE("memory follows the window, up and down") {
  daba_lite<int, larger> window;
  for (int i = 0; i < 10'000; ++i)
    window.push(i);
  CHECK(window.memory_bytes() <= 2 * 10'000 * sizeof(int) + 128 * sizeof(int));
  CHECK(window.query() == 9'999);
  for (int i = 0; i < 9'990; ++i)
    window.pop();
  CHECK(window.memory_bytes() <= 1'000);
  CHECK(window.query() == 9'999);
}

TEST_CASE("a running fold adds at one end and takes away at the other") {
  const auto add = [](std::string a, const std::string& b) { return a + b; };
  const auto cut = [](const std::string& all, const std::string& oldest) {
    REQUIRE(all.starts_with(oldest));
    return all.substr(oldest.size());
  };
  running_fold<std::string, decltype(add), decltype(cut)> window(add, cut);
  CHECK_FALSE(window.query());
  CHECK_THROWS_AS(window.pop(""), stream_error);
  std::mt19937_64 random(test::seed());
  std::deque<std::string> model;
  for (std::size_t step = 0; step < 3'000; ++step) {
    if (model.empty() || (random() % 2 == 0 && model.size() < 40)) {
      model.push_back(some_letters(random));
      window.push(model.back());
    } else {
      window.pop(model.front());
      model.pop_front();
    }
    REQUIRE(window.size() == model.size());
    REQUIRE(window.query() == recomputed(model, add));
  }
}

TEST_CASE("a running fold that runs empty forgets its rounding errors") {
  running_fold<double, std::plus<>, std::minus<>> window;
  window.push(1e16);
  window.push(1.0);
  window.pop(1e16);
  CHECK(window.query() == 0.0); // 1e16 + 1 is 1e16
  window.pop(1.0);
  CHECK_FALSE(window.query());
  window.push(1.0);
  CHECK(window.query() == 1.0);
}

TEST_CASE("an exception of either function leaves a running fold as it was") {
  bool fail = false;
  const auto add = [&](int a, int b) { return fail ? throw std::runtime_error("add") : a + b; };
  const auto take = [&](int a, int b) { return fail ? throw std::runtime_error("take") : a - b; };
  running_fold<int, decltype(add), decltype(take)> window(add, take);
  window.push(1);
  window.push(2);
  fail = true;
  CHECK_THROWS_AS(window.push(3), std::runtime_error);
  CHECK_THROWS_AS(window.pop(1), std::runtime_error);
  CHECK(window.query() == 3);
  CHECK(window.size() == 2);
}
