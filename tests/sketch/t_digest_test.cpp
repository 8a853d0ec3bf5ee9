#include "millrace/sketch/t_digest.hpp"
#include "sketch/codec_damage.hpp"
#include "support/seed.hpp"

#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <random>
#include <string>
#include <vector>

using namespace millrace;
using namespace millrace::test;

namespace {

const std::vector<double> tested_quantiles{0,    0.0001, 0.001, 0.01, 0.05,  0.1,    0.25, 0.5,
                                           0.75, 0.9,    0.95,  0.99, 0.999, 0.9999, 1};

/// The scale of the documented error: k1.
double scaled(double q, const t_digest& digest) {
  return digest.compression() / std::numbers::pi * std::asin(2 * std::clamp(q, 0.0, 1.0) - 1);
}

/// How far `q` is from the ranks that `value` has in `sorted`, in steps of the scale and without
/// the two ranks that few numbers cost.
double scaled_error(const std::vector<double>& sorted, double value, double q,
                    const t_digest& digest) {
  const auto n = static_cast<double>(sorted.size());
  const auto rank = [&](auto at, int more) {
    return scaled((static_cast<double>(at - sorted.begin()) + more) / n, digest);
  };
  const double below = rank(std::ranges::lower_bound(sorted, value), -2);
  const double up_to = rank(std::ranges::upper_bound(sorted, value), 2);
  return std::max({0.0, below - scaled(q, digest), scaled(q, digest) - up_to});
}

void check_errors(const t_digest& digest, std::vector<double> values, double most_error) {
  std::ranges::sort(values);
  REQUIRE(digest.count() == values.size());
  CHECK(digest.min() == values.front());
  CHECK(digest.max() == values.back());
  const auto answers = digest.quantiles(tested_quantiles);
  for (std::size_t i = 0; i < tested_quantiles.size(); ++i) {
    const double q = tested_quantiles[i];
    CAPTURE(q);
    CHECK(scaled_error(values, answers[i].value(), q, digest) <= most_error);
    CHECK((i == 0 || answers[i - 1] <= answers[i]));
    CHECK(answers[i] == digest.quantile(q));
    const double x = values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
    CHECK(scaled_error(values, x, digest.cdf(x).value(), digest) <= most_error);
  }
}

/// Numbers of one kind: the i-th of n, and the error allowed for them.
struct shape {
  std::string name;
  double most_error;
  std::function<double(std::mt19937_64&, std::size_t i, std::size_t n)> draw;
};

const std::vector<shape> shapes{
    {"uniform", 1, [](auto& r, auto, auto) { return std::uniform_real_distribution<>(-1, 1)(r); }},
    {"normal", 1, [](auto& r, auto, auto) { return std::normal_distribution<>()(r); }},
    {"exponential", 1, [](auto& r, auto, auto) { return std::exponential_distribution<>()(r); }},
    {"ascending", 1, [](auto&, auto i, auto) { return double(i); }},
    {"descending", 1, [](auto&, auto i, auto) { return -double(i); }},
    {"few values", 5, [](auto& r, auto, auto) { return double(r() % 7); }},
    {"one value", 1, [](auto&, auto, auto) { return 0.1; }},
    {"from both ends", 5,
     [](auto&, auto i, auto n) { return i % 2 ? double(i) : double(2 * n - i); }},
    {"two heaps", 5,
     [](auto& r, auto, auto) { return (r() % 2 ? 1e9 : 0) + std::normal_distribution<>()(r); }},
    {"far-flung", 5,
     [](auto& r, auto, auto) { return std::exp(40 * std::normal_distribution<>()(r)); }}};

} // namespace

static_assert(codec_for<t_digest>);

TEST_CASE("an empty digest has no quantiles") {
  const t_digest digest;
  CHECK(digest.count() == 0);
  CHECK_FALSE(digest.quantile(0.5));
  CHECK_FALSE(digest.cdf(1));
  CHECK_FALSE(digest.min());
  CHECK_FALSE(digest.max());
}

TEST_CASE("few numbers are known exactly") {
  std::mt19937_64 random(test::seed());
  for (std::size_t n : {1u, 2u, 3u, 10u, 50u}) {
    t_digest digest;
    std::vector<double> values;
    for (std::size_t i = 0; i < n; ++i) {
      values.push_back(double(i) * 3 - 7);
      digest.add(values.back());
    }
    for (std::size_t i = 0; i < n; ++i) {
      const double middle = (double(i) + 0.5) / double(n);
      CHECK(digest.quantile(middle) == values[i]);
      CHECK(digest.cdf(values[i]).value() == doctest::Approx(double(i + 1) / double(n)));
      CHECK(digest.cdf(values[i] - 1).value() == doctest::Approx(double(i) / double(n)));
    }
    CHECK(digest.quantile(0) == values.front());
    CHECK(digest.quantile(1) == values.back());
  }
}

TEST_CASE("rank errors are within the documented size for numbers of every shape") {
  std::mt19937_64 random(test::seed());
  for (unsigned compression : {50u, 100u, 500u})
    for (const shape& each : shapes)
      for (std::size_t n : {100u, 3'000u, 100'000u}) {
        CAPTURE(each.name);
        CAPTURE(n);
        CAPTURE(compression);
        t_digest digest(compression);
        std::vector<double> values(n);
        for (std::size_t i = 0; i < n; ++i)
          values[i] = each.draw(random, i, n);
        digest.add(values);
        check_errors(digest, values, each.most_error);
        CHECK(digest.memory_bytes() <= 110 * compression + sizeof(digest));
      }
}

TEST_CASE("merged digests have errors of the documented size") {
  std::mt19937_64 random(test::seed());
  for (const shape& each : shapes)
    for (std::size_t parts : {2u, 10u, 300u}) {
      CAPTURE(each.name);
      CAPTURE(parts);
      const std::size_t n = 30'000;
      std::vector<double> values(n);
      std::vector<t_digest> digests(parts);
      for (std::size_t i = 0; i < n; ++i) {
        values[i] = each.draw(random, i, n);
        // Parts see different ranges, as partitions of ordered input do.
        digests[i * parts / n].add(values[i]);
      }
      t_digest one_by_one;
      for (const auto& part : digests)
        one_by_one.merge(part);
      check_errors(one_by_one, values, each.most_error);
      while (digests.size() > 1) {
        for (std::size_t i = 0; 2 * i + 1 < digests.size(); ++i) {
          digests[i] = digests[2 * i];
          digests[i].merge(digests[2 * i + 1]);
        }
        if (digests.size() % 2 == 1)
          digests[digests.size() / 2] = digests.back();
        digests.resize((digests.size() + 1) / 2, t_digest());
      }
      check_errors(digests.front(), values, each.most_error);
    }
}

TEST_CASE("merging is the same from both sides, and with an empty digest changes nothing") {
  std::mt19937_64 random(test::seed());
  t_digest a;
  t_digest b;
  for (int i = 0; i < 5'000; ++i) {
    a.add(std::normal_distribution<>()(random));
    b.add(std::exponential_distribution<>()(random));
  }
  t_digest ab = a;
  ab.merge(b);
  t_digest ba = b;
  ba.merge(a);
  CHECK(ab == ba);
  t_digest same = a;
  same.merge(t_digest());
  CHECK(same == a);
  t_digest twice = a;
  twice.merge(twice);
  CHECK(twice.count() == 2 * a.count());
  CHECK(std::abs(twice.cdf(0).value() - a.cdf(0).value()) < 0.02);
}

TEST_CASE("a stored digest goes on exactly as the one it was made from") {
  std::mt19937_64 random(test::seed());
  for (std::size_t n : {0u, 1u, 100u, 799u, 800u, 5'123u}) {
    t_digest digest;
    for (std::size_t i = 0; i < n; ++i)
      digest.add(std::normal_distribution<>()(random));
    auto restored = decoded<t_digest>(encoded(digest));
    REQUIRE(restored);
    REQUIRE(*restored == digest);
    for (int i = 0; i < 3'000; ++i) {
      const double value = std::normal_distribution<>()(random);
      digest.add(value);
      restored->add(value);
    }
    CHECK(*restored == digest);
  }
}

TEST_CASE("what is no number, and what is no quantile, is refused") {
  t_digest digest;
  for (const double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    try {
      digest.add(bad);
      FAIL("it was added");
    } catch (const stream_error& e) {
      CHECK(e.code() == errc::invalid_argument);
    }
    CHECK_THROWS_AS(digest.add(std::vector{1.0, bad, 2.0}), stream_error);
  }
  CHECK(digest.count() == 3);
  CHECK_THROWS_AS(digest.quantile(-0.01), stream_error);
  CHECK_THROWS_AS(digest.quantile(1.01), stream_error);
  CHECK_THROWS_AS(digest.quantile(std::nan("")), stream_error);
  CHECK_THROWS_AS(digest.cdf(std::nan("")), stream_error);
  CHECK(digest.cdf(HUGE_VAL) == 1);
  CHECK(digest.cdf(-HUGE_VAL) == 0);
  CHECK_THROWS_AS(t_digest(19), stream_error);
  CHECK_THROWS_AS(t_digest(10'001), stream_error);
  CHECK_THROWS_AS(digest.merge(t_digest(200)), stream_error);
}

TEST_CASE("the largest numbers do not overflow") {
  const double huge = std::numeric_limits<double>::max();
  t_digest digest;
  for (int i = 0; i < 5'000; ++i) {
    digest.add(i % 2 == 0 ? huge : -huge);
    digest.add(0);
  }
  for (const auto& value : digest.quantiles(tested_quantiles))
    CHECK(std::isfinite(value.value()));
  CHECK(digest.quantile(0.5) == 0);
  CHECK(digest.cdf(-1).value() == doctest::Approx(0.25).epsilon(0.05));
}

TEST_CASE("a stored digest that is cut or damaged is an error or still a digest") {
  std::mt19937_64 random(test::seed());
  for (std::size_t n : {0u, 5u, 1'900u}) {
    t_digest digest(20);
    for (std::size_t i = 0; i < n; ++i)
      digest.add(std::normal_distribution<>()(random));
    check_damaged(digest, [](t_digest& read) {
      read.add(1);
      for (const auto& value : read.quantiles(tested_quantiles))
        CHECK(std::isfinite(value.value()));
      read.merge(read);
    });
  }
}
