#include "runtime/engines.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <tuple>

using namespace millrace;
using namespace millrace::test;

namespace {

constexpr double odd = std::numeric_limits<double>::quiet_NaN();

using key = std::pair<int, double>;
using counted = std::pair<key, std::int64_t>;

/// Each key twice, in another form the second time: (1, NaN) and (1, 0).
const std::vector<counted> odd_keys{{{1, odd}, 1}, {{1, 0.0}, 10}, {{1, -odd}, 2}, {{1, -0.0}, 20}};

/// The results by key, of NaN and of zero. Other keys or a key twice fail the test.
template <class V>
std::pair<std::optional<V>, std::optional<V>> by_key(const std::vector<std::pair<key, V>>& from) {
  std::pair<std::optional<V>, std::optional<V>> out;
  for (auto& [k, v] : from) {
    CHECK(k.first == 1);
    auto& place = k.second != k.second ? out.first : out.second;
    CHECK_FALSE(place);
    place = v;
  }
  return out;
}

template <class Op>
auto run_odd(engine& on, Op op) {
  return run_operation(on, test_batches<counted>{odd_keys, odd_keys}, op).batches;
}

using sums = std::pair<std::optional<std::int64_t>, std::optional<std::int64_t>>;

} // namespace

TEST_CASE("pair keys with NaN or a negative zero are combined, grouped and counted as one") {
  on_all_engines([](engine& on) {
    auto out = run_odd(
        on, [](const dstream<counted>& s) { return s.reduce_by_key(std::plus<std::int64_t>{}); });
    CHECK(by_key(out.at(0)) == sums{3, 30});
  });
  on_all_engines([](engine& on) {
    auto out = run_odd(on, [](const dstream<counted>& s) {
      return s.group_by_key().map_values(
          [](const std::vector<std::int64_t>& v) { return static_cast<std::int64_t>(v.size()); });
    });
    CHECK(by_key(out.at(0)) == sums{2, 2});
  });
  on_all_engines([](engine& on) {
    auto out = run_odd(on, [](const dstream<counted>& s) {
      return s.map([](const counted& c) { return c.first; }).count_by_value();
    });
    CHECK(by_key(out.at(0)) == sums{2, 2});
  });
}

TEST_CASE("pair keys with NaN or a negative zero have one state and one window") {
  on_all_engines([](engine& on) {
    auto out = run_odd(on, [](const dstream<counted>& s) {
      return s.update_state_by_key<std::int64_t>(
          [](const std::vector<std::int64_t>& values, std::optional<std::int64_t> old) {
            for (auto v : values)
              old = old.value_or(0) + v;
            return old;
          });
    });
    CHECK(by_key(out.at(1)) == sums{6, 60});
  });
  on_all_engines([](engine& on) {
    auto out = run_odd(on, [](const dstream<counted>& s) {
      return s.reduce_by_key_and_window(std::plus<std::int64_t>{}, std::minus<std::int64_t>{},
                                        seconds(2), seconds(1));
    });
    CHECK(by_key(out.at(1)) == sums{6, 60});
  });
}

TEST_CASE("pair keys with NaN or a negative zero meet in a join") {
  on_all_engines([](engine& on) {
    auto out = run_odd(on, [](const dstream<counted>& s) {
      auto summed = s.reduce_by_key(std::plus<std::int64_t>{});
      return summed.join(summed.map_values([](std::int64_t v) { return v * 100; }))
          .map_values(
              [](const std::pair<std::int64_t, std::int64_t>& v) { return v.first + v.second; });
    });
    CHECK(by_key(out.at(0)) == sums{303, 3030});
  });
}
