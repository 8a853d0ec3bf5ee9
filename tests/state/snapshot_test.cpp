#include "millrace/state/snapshot.hpp"
#include "state/state_model.hpp"
#include "support/seed.hpp"

#include <atomic>
#include <thread>

#include <doctest/doctest.h>

using namespace millrace;
using test::modelled_store;

namespace {

using contents = modelled_store::contents;
using snapshot = state_snapshot<std::string, std::string>;
using delta = state_delta<std::string, std::string>;

contents read(const snapshot& taken) {
  contents found;
  taken.for_each([&](const std::string& key, const std::string& value, batch_time touched) {
    CHECK(found.emplace(key, modelled_store::known{value, touched.ms()}).second);
  });
  CHECK(found.size() == taken.size());
  return found;
}

void apply_delta(contents& to, const delta& changes) {
  if (changes.complete())
    to.clear();
  for (const std::string& key : changes.removed())
    to.erase(key);
  std::set<std::string> seen;
  changes.for_each_changed(
      [&](const std::string& key, const std::string& value, batch_time touched) {
        CHECK(seen.insert(key).second);
        to[key] = {value, touched.ms()};
      });
}

void restore(modelled_store::store& to, const delta& changes) {
  for (const std::string& key : changes.removed())
    to.restore_removed(key);
  changes.for_each_changed([&](const std::string& key, const std::string& value,
                               batch_time touched) { to.restore(key, value, touched); });
}

void check_snapshots_and_deltas(std::optional<duration> timeout, std::uint64_t key_space) {
  modelled_store both(test::seed(), timeout, key_space);
  for (int batch = 0; batch < 20; ++batch)
    both.run_batch();
  std::vector<std::pair<snapshot, contents>> kept;
  contents chain = read(both.states.full_snapshot());
  CHECK(chain == both.model);
  for (int batch = 0; batch < 200; ++batch) {
    both.run_batch();
    if (both.random() % 5 == 0)
      kept.emplace_back(both.states.view(), both.model);
    if (both.random() % 50 == 0)
      chain = read(both.states.full_snapshot());
    if (both.random() % 3 == 0) {
      apply_delta(chain, both.states.take_delta());
      CHECK(chain == both.model);
    }
    if (!kept.empty() && both.random() % 6 == 0) {
      const std::size_t at = both.random() % kept.size();
      CHECK(read(kept[at].first) == kept[at].second);
      kept.erase(kept.begin() + std::ptrdiff_t(at));
    }
  }
  for (const auto& [taken, expected] : kept)
    CHECK(read(taken) == expected);
}

using number_store = state_store<std::uint64_t, std::uint64_t>;

/// One batch that gives every `step`-th key of [0, n) the value `value`, and lets others time out.
void set_some(number_store& states, std::int64_t time, std::uint64_t n, std::uint64_t step,
              std::uint64_t value) {
  std::vector<std::uint64_t> keys;
  for (std::uint64_t key = 0; key < n; key += step)
    keys.push_back(key);
  std::vector<std::uint64_t> hashes(keys.size());
  hash_chunk<std::uint64_t>(keys, states.seed(), hashes.data());
  states.begin(batch_time(time));
  states.update(
      keys.size(), hashes.data(), [&](std::size_t i) { return keys[i]; },
      [&](std::size_t, state<std::uint64_t>& s) { s.update(value); });
  states.expire([](auto, auto&) {});
  states.commit();
}

std::size_t changed_count(const state_delta<std::uint64_t, std::uint64_t>& changes) {
  std::size_t n = 0;
  changes.for_each_changed([&](auto, auto, auto) { ++n; });
  return n;
}

} // namespace

TEST_CASE("snapshots stay as they were, and base and deltas make up the state") {
  check_snapshots_and_deltas(std::nullopt, 40);
  check_snapshots_and_deltas(seconds(5), 500);
  check_snapshots_and_deltas(seconds(20), 20'000);
}

TEST_CASE("a store restored from a base and deltas goes on like the one they were taken from") {
  modelled_store both(test::seed(), seconds(15), 400);
  for (int batch = 0; batch < 30; ++batch)
    both.run_batch();
  modelled_store::store restored(both.states.seed(), seconds(15));
  both.states.full_snapshot().for_each(
      [&](const std::string& key, const std::string& value, batch_time touched) {
        restored.restore(key, value, touched);
      });
  for (int rounds = 0; rounds < 5; ++rounds) {
    for (int batch = 0; batch < 5; ++batch)
      both.run_batch();
    restore(restored, both.states.take_delta());
  }
  CHECK(restored.take_delta().removed().empty());
  both.states = std::move(restored);
  both.check();
  contents chain = both.model;
  for (int batch = 0; batch < 60; ++batch) {
    both.run_batch();
    apply_delta(chain, both.states.take_delta());
    CHECK(chain == both.model);
  }
}

TEST_CASE("a restored key that is overdue goes in the first batch after") {
  number_store states(hash_seed{1}, seconds(5));
  states.restore(1, 10, batch_time(0));
  states.restore(2, 20, batch_time(1'000));
  states.restore(3, 30, batch_time(9'000));
  std::vector<std::uint64_t> gone;
  const auto expire = [&](std::int64_t time) {
    gone.clear();
    states.begin(batch_time(time));
    states.expire([&](std::uint64_t key, auto&) { gone.push_back(key); });
    states.commit();
  };
  expire(10'000);
  CHECK(gone == std::vector<std::uint64_t>{1, 2});
  expire(14'000);
  CHECK(gone.empty());
  expire(14'001);
  CHECK(gone == std::vector<std::uint64_t>{3});
}

TEST_CASE("the first delta is complete; later ones hold what changed, few or many") {
  number_store states(hash_seed{1});
  constexpr std::uint64_t n = 50'000;
  set_some(states, 1, n, 1, 1);
  const auto first = states.take_delta();
  CHECK(first.complete());
  CHECK(first.time() == batch_time(1));
  CHECK(changed_count(first) == n);
  CHECK(changed_count(states.take_delta()) == 0);
  set_some(states, 2, n, 1'000, 2);
  const auto few = states.take_delta();
  set_some(states, 3, n, 3, 3);
  const auto many = states.take_delta();
  set_some(states, 4, n, 1, 4);
  CHECK_FALSE(few.complete());
  CHECK(changed_count(few) == n / 1'000);
  CHECK(changed_count(many) == (n + 2) / 3);
  many.for_each_changed([](std::uint64_t key, std::uint64_t value, batch_time touched) {
    REQUIRE(key % 3 == 0);
    REQUIRE(value == 3);
    REQUIRE(touched == batch_time(3));
  });
}

TEST_CASE("where more keys went than are worth remembering, the delta is complete again") {
  number_store states(hash_seed{2});
  states.full_snapshot();
  std::int64_t time = 0;
  for (std::uint64_t round = 0; round < 4; ++round) {
    set_some(states, ++time, 30'000, 1, 1);
    states.begin(batch_time(++time));
    states.update_untouched([](auto, auto& s) { s.remove(); });
    states.commit();
  }
  CHECK(states.memory_bytes() < 10'000'000);
  set_some(states, ++time, 10, 1, 5);
  const auto changes = states.take_delta();
  CHECK(changes.complete());
  CHECK(changed_count(changes) == 10);
  CHECK_FALSE(states.take_delta().complete());
}

TEST_CASE("a rolled back batch is in no snapshot and no delta") {
  number_store states(hash_seed{3});
  set_some(states, 1, 100, 1, 1);
  states.full_snapshot();
  states.begin(batch_time(2));
  states.update_untouched([](auto key, auto& s) { key % 2 == 0 ? s.remove() : s.update(9); });
  states.rollback();
  const auto changes = states.take_delta();
  CHECK(changes.removed().empty());
  CHECK(changed_count(changes) == 0);
  states.view().for_each([](auto, auto value, auto) { CHECK(value == 1); });
}

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
