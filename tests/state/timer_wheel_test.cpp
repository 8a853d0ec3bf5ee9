#include "millrace/state/kernel/timer_wheel.hpp"
#include "support/seed.hpp"

#include <map>
#include <optional>
#include <random>
#include <set>

#include <doctest/doctest.h>

using namespace millrace;
using detail::timer_wheel;

namespace {

std::multiset<timer_wheel::id> due_at(const timer_wheel& wheel, std::int64_t now) {
  std::multiset<timer_wheel::id> ids;
  wheel.for_each_due(
      now, [&](std::span<const timer_wheel::id> some) { ids.insert(some.begin(), some.end()); });
  return ids;
}

/// Touches ids at random; when one is due the wheel must say so, whatever else it says.
void check_never_late(std::int64_t timeout, std::int64_t step, std::int64_t start) {
  std::mt19937_64 random(test::seed());
  timer_wheel wheel{duration(timeout)};
  std::map<timer_wheel::id, std::int64_t> touched;
  std::size_t looks = 0;
  std::size_t entered = 0;
  std::int64_t now = start;
  for (int batch = 0; batch < 600; ++batch) {
    now += 1 + std::int64_t(random() % std::uint64_t(2 * step));
    for (std::uint64_t n = random() % 20; n > 0; --n) {
      const auto id = timer_wheel::id(random() % 300);
      touched[id] = now;
      wheel.add(id, now + timeout, now);
      ++entered;
    }
    if (random() % 4 == 0)
      touched.erase(timer_wheel::id(random() % 300));
    const auto looked_at = due_at(wheel, now);
    looks += looked_at.size();
    for (const auto id : looked_at)
      CHECK(looked_at.count(id) == 1);
    for (auto each = touched.begin(); each != touched.end();) {
      const bool due = each->second + timeout < now;
      if (due)
        CHECK(looked_at.count(each->first) == 1);
      each = due ? touched.erase(each) : std::next(each);
    }
    wheel.advance(now, [&](std::span<const timer_wheel::id> ids, std::size_t i) {
      const auto known = touched.find(ids[i]);
      return known == touched.end() ? timer_wheel::forget : known->second + timeout;
    });
    CHECK(due_at(wheel, now).empty());
  }
  CHECK(looks <= 3 * entered);
}

} // namespace

TEST_CASE("an id is looked at strictly after its time, once") {
  timer_wheel wheel{duration(100)};
  wheel.add(5, 1'100, 1'000);
  wheel.add(5, 1'150, 1'050);
  CHECK(due_at(wheel, 1'100).empty());
  CHECK(due_at(wheel, 1'101) == std::multiset<timer_wheel::id>{5});
  wheel.advance(1'101, [](auto, auto) { return std::int64_t{1'150}; });
  CHECK(due_at(wheel, 1'150).empty());
  CHECK(due_at(wheel, 1'151) == std::multiset<timer_wheel::id>{5});
  wheel.advance(1'151, [](auto, auto) { return timer_wheel::forget; });
  CHECK(due_at(wheel, 1'000'000).empty());
  wheel.add(5, 1'300, 1'200);
  CHECK(due_at(wheel, 1'301).size() == 1);
}

TEST_CASE("no id is looked at too late, and few too often") {
  check_never_late(0, 10, 0);
  check_never_late(1, 1, 0);
  check_never_late(100, 10, 0);
  check_never_late(100'000, 10, -200'000);
  check_never_late(100'000, 10'000, 0);
  check_never_late(3'600'000, 1'000, 1'700'000'000'000);
  check_never_late(std::int64_t{1} << 60, 1'000, -1);
}

TEST_CASE("an id that is overdue stays and is looked at in the next batch") {
  timer_wheel wheel{duration(10)};
  wheel.add(1, 10, 0);
  wheel.advance(50, [](auto, auto) { return std::int64_t{10}; });
  CHECK(due_at(wheel, 50).empty());
  CHECK(due_at(wheel, 51).size() == 1);
}

TEST_CASE("buckets are few however long the timeout, and an id costs about its four bytes") {
  timer_wheel wheel(minutes(24 * 60));
  constexpr timer_wheel::id n = 1'000'000;
  for (timer_wheel::id id = 0; id < n; ++id)
    wheel.add(id, std::int64_t{id} + 86'400'000, id);
  CHECK(wheel.memory_bytes() < n * 5);
  wheel.clear();
  CHECK(wheel.memory_bytes() == 0);
}
