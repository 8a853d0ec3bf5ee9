#include "millrace/state/huge_memory.hpp"
#include "millrace/state/snapshot.hpp"
#include "state/letter_states.hpp"
#include "state/number_states.hpp"
#include "state/state_model.hpp"
#include "support/seed.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;
using test::changed_count;
using test::modelled_store;
using test::number_store;
using test::set_some;

namespace {

template <class S>
using contents = typename test::basic_modelled_store<S>::contents;
template <class S>
using snapshot = state_snapshot<std::string, S>;
using delta = state_delta<std::string, std::string>;

template <class S>
contents<S> read(const snapshot<S>& taken) {
  contents<S> found;
  std::size_t seen = 0;
  taken.for_each([&](const std::string& key, const S& value, batch_time touched) {
    ++seen;
    found.emplace(key, typename test::basic_modelled_store<S>::known{value, touched.ms()});
  });
  CHECK(found.size() == seen);
  CHECK(taken.size() == seen);
  return found;
}

template <class S>
void apply_delta(contents<S>& to, const state_delta<std::string, S>& changes) {
  if (changes.complete())
    to.clear();
  for (const std::string& key : changes.removed())
    to.erase(key);
  std::set<std::string> keys;
  std::size_t seen = 0;
  changes.for_each_changed([&](const std::string& key, const S& value, batch_time touched) {
    ++seen;
    keys.insert(key);
    to[key] = {value, touched.ms()};
  });
  CHECK(keys.size() == seen);
}

void restore(modelled_store::store& to, const delta& changes) {
  for (const std::string& key : changes.removed())
    to.restore_removed(key);
  changes.for_each_changed([&](const std::string& key, const std::string& value,
                               batch_time touched) { to.restore(key, value, touched); });
}

template <class S>
void check_snapshots_and_deltas(std::optional<duration> timeout, std::uint64_t key_space) {
  test::basic_modelled_store<S> both(test::seed(), timeout, key_space);
  for (int batch = 0; batch < 20; ++batch)
    both.run_batch();
  std::vector<std::pair<snapshot<S>, contents<S>>> kept;
  contents<S> chain = read<S>(both.states.full_snapshot());
  CHECK(chain == both.model);
  for (int batch = 0; batch < 200; ++batch) {
    both.run_batch();
    if (both.random() % 5 == 0)
      kept.emplace_back(both.states.view(), both.model);
    if (both.random() % 50 == 0)
      chain = read<S>(both.states.full_snapshot());
    if (both.random() % 3 == 0) {
      apply_delta<S>(chain, both.states.take_delta());
      CHECK(chain == both.model);
    }
    if (!kept.empty() && both.random() % 6 == 0) {
      const std::size_t at = both.random() % kept.size();
      CHECK(read<S>(kept[at].first) == kept[at].second);
      kept.erase(kept.begin() + std::ptrdiff_t(at));
    }
  }
  for (const auto& [taken, expected] : kept)
    CHECK(read<S>(taken) == expected);
}

} // namespace

TEST_CASE("snapshots stay as they were, and base and deltas make up the state") {
  check_snapshots_and_deltas<std::string>(std::nullopt, 40);
  check_snapshots_and_deltas<std::string>(seconds(5), 500);
  check_snapshots_and_deltas<std::string>(seconds(20), 20'000);
  check_snapshots_and_deltas<std::uint64_t>(std::nullopt, 40);
  check_snapshots_and_deltas<std::uint64_t>(seconds(5), 500);
  check_snapshots_and_deltas<std::uint64_t>(seconds(20), 20'000);
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
  auto chain = both.model;
  for (int batch = 0; batch < 60; ++batch) {
    both.run_batch();
    apply_delta<std::string>(chain, both.states.take_delta());
    CHECK(chain == both.model);
  }
}

TEST_CASE("Spark's driver failure recovery, here of the store: after 3 of 7 batches it starts anew "
          "from a snapshot, or from a base and deltas") {
  const std::vector<std::string> input{"", "a", "ab", "abc", "ab", "a", ""};
  const std::vector<test::counts> expected{{},
                                           {{"a", 1}},
                                           {{"a", 2}, {"b", 1}},
                                           {{"a", 3}, {"b", 2}, {"c", 1}},
                                           {{"a", 4}, {"b", 3}, {"c", 1}},
                                           {{"a", 5}, {"b", 3}, {"c", 1}},
                                           {{"a", 5}, {"b", 3}, {"c", 1}}};
  const auto run_batch = [&](test::text_store& states, std::size_t at) {
    states.begin(batch_time(1'000 * std::int64_t(at)));
    test::update_letters(states, input[at], test::count_one);
    states.commit();
    CHECK(test::all(states) == expected[at]);
  };
  for (const bool by_deltas : {false, true}) {
    test::text_store before(hash_seed{9}), after(hash_seed{9});
    const auto restore = [&](const std::string& key, int n, batch_time touched) {
      after.restore(key, n, touched);
    };
    for (std::size_t at = 0; at < 3; ++at) {
      run_batch(before, at);
      if (by_deltas)
        before.take_delta().for_each_changed(restore);
    }
    if (!by_deltas)
      before.full_snapshot().for_each(restore);
    for (std::size_t at = 3; at < input.size(); ++at)
      run_batch(after, at);
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

TEST_CASE("undoing a batch takes no memory, however much of a shared segment it has changed") {
  constexpr std::uint64_t n = 4'000; // in one segment
  for (std::uint64_t changed : {1u, 1'023u, 1'024u, 1'025u, 3'000u}) {
    number_store states(hash_seed{3});
    set_some(states, 1, n, 1, 1);
    const auto taken = states.view();
    std::vector<std::uint64_t> keys(changed), hashes(changed);
    std::iota(keys.begin(), keys.end(), 0);
    hash_chunk<std::uint64_t>(keys, states.seed(), hashes.data());
    states.begin(batch_time(2));
    states.update(
        changed, hashes.data(), [&](std::size_t i) { return keys[i]; },
        [](std::size_t i, auto& s) { i % 3 == 0 ? s.remove() : s.update(2); });
    const std::uint64_t other = n - 1;
    const auto place = [&] {
      return states.find(other, key_hash<std::uint64_t>{}(other, states.seed()));
    };
    const auto before = place();
    states.rollback();
    CHECK(place() == before); // else its segment has been copied
    std::size_t seen = 0;
    for (const auto& each : {taken, states.view()})
      each.for_each([&](auto, auto value, auto) { seen += value == 1; });
    CHECK(seen == 2 * n);
  }
}

TEST_CASE("a held snapshot costs what changes, not the segments it lies in") {
  number_store states(hash_seed{5});
  constexpr std::uint64_t n = 1'000'000;
  set_some(states, 1, n, 1, 1);
  const std::size_t before = states.memory_bytes();
  const std::size_t huge_before = detail::huge_bytes_held();
  const auto taken = states.full_snapshot();
  set_some(states, 2, n, 100, 2); // some in every segment
  CHECK(states.memory_bytes() <= before + 1'000'000);
  CHECK(detail::huge_bytes_held() == huge_before);
  std::size_t seen = 0, changed = 0;
  taken.for_each([&](std::uint64_t, std::uint64_t value, batch_time) { seen += value == 1; });
  states.view().for_each([&](auto, auto value, auto) { changed += value == 2; });
  CHECK(seen == n);
  CHECK(changed == n / 100);
  // Beyond a quarter it takes whole segments instead, and the snapshot is as it was.
  set_some(states, 3, n, 2, 3);
  CHECK(detail::huge_bytes_held() > huge_before);
  seen = 0;
  taken.for_each([&](std::uint64_t, std::uint64_t value, batch_time) { seen += value == 1; });
  CHECK(seen == n);
}

TEST_CASE("a snapshot held for long stays right, and what is kept for it stays bounded") {
  number_store states(hash_seed{6});
  constexpr std::uint64_t n = 4'000;
  set_some(states, 1, n, 1, 1);
  const auto first = states.view();
  std::vector<std::pair<std::uint64_t, state_snapshot<std::uint64_t, std::uint64_t>>> kept;
  for (std::uint64_t round = 2; round < 400; ++round) {
    set_some(states, std::int64_t(round), n, 10, round);
    auto now = states.view();
    if (round % 50 == 0)
      kept.emplace_back(round, std::move(now));
  }
  // 400 rounds of 400 keys each would be 160,000 entries of 48 bytes.
  CHECK(states.memory_bytes() < 1'000'000);
  first.for_each([](auto, auto value, auto) { REQUIRE(value == 1); });
  for (const auto& [round, taken] : kept)
    taken.for_each([&, at = round](std::uint64_t key, std::uint64_t value, batch_time) {
      REQUIRE(value == (key % 10 == 0 ? at : 1));
    });
}
