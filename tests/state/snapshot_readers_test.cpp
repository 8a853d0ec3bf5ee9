#include "millrace/state/snapshot.hpp"
#include "state/number_states.hpp"
#include "support/seed.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;
using test::changed_count;
using test::number_store;
using test::set_some;

TEST_CASE("another thread reads snapshots and deltas while the owner goes on") {
  number_store states(hash_seed{4}, milliseconds(4));
  constexpr std::uint64_t n = 20'000;
  set_some(states, 1, n, 1, 1);
  for (std::int64_t time = 2; time < 12; ++time) {
    const auto value = std::uint64_t(time);
    set_some(states, time * 10, n, 1, value);
    auto taken = states.full_snapshot();
    std::atomic<bool> wrong = false;
    std::thread reader([&wrong, value, taken = std::move(taken)]() mutable {
      for (int pass = 0; pass < 3; ++pass) {
        std::size_t seen = 0;
        taken.for_each([&](std::uint64_t, std::uint64_t found, batch_time) {
          wrong = wrong || found != value;
          ++seen;
        });
        wrong = wrong || seen != taken.size();
      }
      std::move(taken).for_each(
          [&](std::uint64_t, std::uint64_t found, batch_time) { wrong = wrong || found != value; });
    });
    set_some(states, time * 10 + 1, n, 7, 1'000);
    std::thread delta_reader([&wrong, changes = states.take_delta()] {
      wrong = wrong || changed_count(changes) != (n + 6) / 7;
      changes.for_each_changed([&](auto, auto found, auto) { wrong = wrong || found != 1'000; });
    });
    for (std::int64_t step = 2; step < 9; ++step)
      set_some(states, time * 10 + step, n + 500 * std::uint64_t(step), 3, 2'000);
    reader.join();
    delta_reader.join();
    CHECK_FALSE(wrong);
    CHECK(states.size() < n);
    states.begin(batch_time(time * 10 + 9));
    states.update_untouched([](auto, auto& s) { s.remove(); });
    states.commit();
  }
}

TEST_CASE("readers see no change of keys that come, go and change beside them") {
  std::mt19937_64 random(test::seed());
  number_store states(hash_seed{7}, milliseconds(30));
  constexpr std::uint64_t n = 9'000;
  std::map<std::uint64_t, std::uint64_t> model;
  std::vector<std::thread> readers;
  std::atomic<int> wrong = 0;
  for (std::int64_t time = 1; time < 120; ++time) {
    std::vector<std::uint64_t> keys(random() % 400), hashes(400);
    std::ranges::generate(keys, [&] { return random() % n; });
    hash_chunk<std::uint64_t>(keys, states.seed(), hashes.data());
    states.begin(batch_time(time));
    states.update(
        keys.size(), hashes.data(), [&](std::size_t i) { return keys[i]; },
        [&](std::size_t i, state<std::uint64_t>& s) {
          if (random() % 4 == 0 && s.exists()) {
            s.remove();
            model.erase(keys[i]);
          } else {
            s.update(model[keys[i]] = random());
          }
        });
    states.expire([&](std::uint64_t key, auto&) { model.erase(key); });
    states.commit();
    if (readers.size() < 8) {
      readers.emplace_back([&wrong, expected = model, taken = states.view()]() mutable {
        std::map<std::uint64_t, std::uint64_t> found;
        for (int pass = 0; pass < 4; ++pass) {
          found.clear();
          taken.for_each([&](auto key, auto value, auto) { found[key] = value; });
          wrong += found != expected;
        }
        found.clear();
        std::move(taken).for_each([&](auto key, auto value, auto) { found[key] = value; });
        wrong += found != expected;
      });
    } else {
      readers[static_cast<std::size_t>(time) % 8].join();
      readers.erase(readers.begin() + time % 8);
    }
  }
  for (auto& each : readers)
    each.join();
  CHECK(wrong == 0);
}
