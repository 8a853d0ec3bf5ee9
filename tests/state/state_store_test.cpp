#include "millrace/state/state_store.hpp"
#include "state/letter_states.hpp"
#include "state/state_model.hpp"
#include "support/seed.hpp"

#include <algorithm>
#include <functional>
#include <memory>

#include <doctest/doctest.h>

using namespace millrace;
using test::all;
using test::count_one;
using test::counts;
using test::text_store;
using test::update_letters;

namespace {

using number_store = state_store<std::uint64_t, std::uint64_t>;

template <class Store, class K, class F>
void update(Store& states, const std::vector<K>& keys, F f) {
  std::vector<std::uint64_t> hashes(keys.size());
  hash_chunk<K>(keys, states.seed(), hashes.data());
  states.update(
      keys.size(), hashes.data(), [&](std::size_t i) -> const K& { return keys[i]; },
      [&](std::size_t i, state<std::uint64_t>& s) { f(keys[i], s); });
}

void add_range(number_store& states, std::int64_t time, std::uint64_t from, std::uint64_t to) {
  std::vector<std::uint64_t> keys;
  states.begin(batch_time(time));
  for (std::uint64_t at = from; at < to; at += 1'024) {
    keys.clear();
    for (std::uint64_t key = at; key < std::min(to, at + 1'024); ++key)
      keys.push_back(key);
    update(states, keys, [](auto, auto& s) { s.update(s.exists() ? s.get() + 1 : 1); });
  }
  states.commit();
}

template <class F>
void check_refused(errc code, const char* part, F f) {
  try {
    f();
    FAIL("allowed, instead of: " << part);
  } catch (const stream_error& e) {
    CHECK(e.code() == code);
    CHECK(std::string(e.what()).find(part) != std::string::npos);
  }
}

/// Texts are saved when they change, numbers before.
void check_against_model(std::optional<duration> timeout, std::uint64_t key_space) {
  const auto check = [&](auto both) {
    for (int batch = 0; batch < 250; ++batch)
      both.run_batch();
  };
  check(test::basic_modelled_store<std::string>(test::seed(), timeout, key_space));
  check(test::basic_modelled_store<std::uint64_t>(test::seed(), timeout, key_space));
}

} // namespace

TEST_CASE("running counts over batches, and nothing for a batch without data") {
  text_store states(hash_seed{1});
  const std::vector<std::string> batches{"", "a", "ab", "abc", "ab", "a", ""};
  const std::vector<counts> expected{{},
                                     {{"a", 1}},
                                     {{"a", 2}, {"b", 1}},
                                     {{"a", 3}, {"b", 2}, {"c", 1}},
                                     {{"a", 4}, {"b", 3}, {"c", 1}},
                                     {{"a", 5}, {"b", 3}, {"c", 1}}};
  for (std::size_t i = 0; i < batches.size(); ++i) {
    states.begin(batch_time(1'000 * std::int64_t(i)));
    update_letters(states, batches[i], count_one);
    std::size_t touched = 0;
    states.touched([&](const std::string&, int) { ++touched; });
    CHECK(touched == batches[i].size());
    states.commit();
    CHECK(all(states) == expected[std::min(i, expected.size() - 1)]);
  }
}

TEST_CASE("keys come and go: a state that exists is removed, another made") {
  text_store states(hash_seed{2});
  const std::vector<std::string> batches{"", "a", "ab", "abc", "abc", "ab", "a", ""};
  const std::vector<std::string> emitted{"", "", "a", "b", "ac", "b", "a", ""};
  const std::vector<counts> expected{{},         {{"a", 1}}, {{"b", 1}}, {{"a", 1}, {"c", 1}},
                                     {{"b", 1}}, {{"a", 1}}, {},         {}};
  for (std::size_t i = 0; i < batches.size(); ++i) {
    std::string out;
    states.begin(batch_time(1'000 * std::int64_t(i)));
    update_letters(states, batches[i], [&](const std::string& key, state<int>& s) {
      if (s.exists()) {
        s.remove();
        out += key;
      } else {
        s.update(1);
      }
    });
    states.commit();
    CHECK(out == emitted[i]);
    CHECK(all(states) == expected[i]);
  }
}

TEST_CASE("a key times out in the very batch when it is due, not at a checkpoint as in Spark") {
  text_store states(hash_seed{3}, seconds(3));
  std::map<std::string, int> timed_out_at;
  const std::vector<std::string> batches{"abc", "ab", "a", "", "", "a"};
  for (int second = 1; second <= 20; ++second) {
    states.begin(batch_time(1'000 * second));
    update_letters(states, std::size_t(second) <= batches.size() ? batches[second - 1] : "a",
                   [](const std::string&, state<int>& s) { s.update(1); });
    states.expire([&](const std::string& key, state<int>& s) {
      CHECK(s.is_timing_out());
      CHECK(s.get() == 1);
      CHECK(timed_out_at.emplace(key, second).second);
    });
    states.commit();
  }
  CHECK(timed_out_at == std::map<std::string, int>{{"c", 1 + 3 + 1}, {"b", 2 + 3 + 1}});
  CHECK(all(states) == counts{{"a", 1}});
}

TEST_CASE("with a timeout, data alone keeps a key alive; without one it touches nothing") {
  for (const auto timeout : {std::optional<duration>(seconds(2)), std::optional<duration>()}) {
    text_store states(hash_seed{4}, timeout);
    std::size_t touched = 0;
    for (int second = 1; second <= 9; ++second) {
      states.begin(batch_time(1'000 * second));
      update_letters(states, second == 1 ? "ab" : "a", [&](const std::string&, state<int>& s) {
        if (second == 1)
          s.update(1);
        else
          CHECK(s.get() == 1);
      });
      states.expire([&](const std::string& key, state<int>&) { CHECK(key == "b"); });
      if (second == 9)
        states.touched([&](const std::string&, int) { ++touched; });
      states.commit();
    }
    CHECK(all(states) == (timeout ? counts{{"a", 1}} : counts{{"a", 1}, {"b", 1}}));
    CHECK(touched == (timeout ? 1 : 0));
  }
}

TEST_CASE("random batches, also failing and undone ones, agree with a model") {
  check_against_model(std::nullopt, 60);
  check_against_model(std::nullopt, 3'000);
  check_against_model(milliseconds(0), 60);
  check_against_model(seconds(3), 300);
  check_against_model(seconds(40), 3'000);
}

TEST_CASE("a batch undone leaves no trace, however often it is tried") {
  number_store states(hash_seed{5}, seconds(10));
  add_range(states, 1'000, 0, 5'000);
  for (int attempt = 0; attempt < 3; ++attempt) {
    states.begin(batch_time(20'000));
    std::vector<std::uint64_t> keys;
    for (std::uint64_t key = 0; key < 9'000; key += 2)
      keys.push_back(key);
    update(states, keys, [](auto key, auto& s) {
      if (key % 3 == 0)
        s.remove();
      else
        s.update(99);
    });
    std::size_t expired = 0;
    states.expire([&](auto, auto&) { ++expired; });
    CHECK(expired == 2'500);
    states.rollback();
    std::size_t ones = 0;
    states.for_each([&](std::uint64_t key, std::uint64_t n) { ones += key < 5'000 && n == 1; });
    CHECK(ones == 5'000);
    CHECK(states.size() == 5'000);
  }
  states.begin(batch_time(20'000));
  states.expire([](auto, auto&) {});
  states.commit();
  CHECK(states.size() == 0);
}

TEST_CASE("a key untouched for months can be changed and undone like others") {
  text_store states(hash_seed{6}, minutes(1'000'000));
  const std::int64_t later = std::int64_t{400'000} * 60'000;
  states.begin(batch_time(0));
  update_letters(states, "ab", count_one);
  states.commit();
  states.begin(batch_time(later));
  update_letters(states, "aa", count_one);
  states.rollback();
  CHECK(all(states) == counts{{"a", 1}, {"b", 1}});
  states.begin(batch_time(later));
  update_letters(states, "aa", count_one);
  std::size_t touched = 0;
  states.touched([&](const std::string& key, int n) { touched += key == "a" && n == 3; });
  CHECK(touched == 1);
  states.commit();
  states.begin(batch_time(std::int64_t{1'000'000} * 60'000 + 1));
  states.expire([](const std::string& key, state<int>&) { CHECK(key == "b"); });
  states.commit();
  CHECK(all(states) == counts{{"a", 3}});
}

TEST_CASE("initial states are put in a batch and count as touched by it") {
  text_store states(hash_seed{7}, seconds(1));
  const auto put = [&](std::string_view key, int n) {
    states.put(key, key_hash<std::string_view>{}(key, states.seed()), n);
  };
  states.begin(batch_time(1'000));
  put("a", 5);
  put("b", 10);
  put("a", 6);
  update_letters(states, "a", count_one);
  states.commit();
  CHECK(all(states) == counts{{"a", 7}, {"b", 10}});
  states.begin(batch_time(2'000));
  states.expire([](const std::string&, state<int>&) { FAIL("too early"); });
  states.commit();
  states.begin(batch_time(2'001));
  states.expire([](const std::string&, state<int>&) {});
  states.commit();
  CHECK(states.size() == 0);
}

TEST_CASE("calls in the wrong order are refused and change nothing") {
  text_store states(hash_seed{8});
  check_refused(errc::illegal_state, "outside of a batch", [&] { states.commit(); });
  check_refused(errc::illegal_state, "outside of a batch",
                [&] { update_letters(states, "a", count_one); });
  check_refused(errc::illegal_state, "outside of a batch", [&] { states.put("a", 1, 1); });
  check_refused(errc::illegal_state, "outside of a batch",
                [&] { states.expire([](auto&, auto&) {}); });
  states.rollback();
  states.begin(batch_time(5));
  CHECK(states.in_batch());
  check_refused(errc::illegal_state, "5 ms is open", [&] { states.begin(batch_time(6)); });
  check_refused(errc::illegal_state, "5 ms is open", [&] { states.full_snapshot(); });
  check_refused(errc::illegal_state, "5 ms is open", [&] { states.take_delta(); });
  check_refused(errc::illegal_state, "5 ms is open",
                [&] { states.restore("a", 1, batch_time(1)); });
  update_letters(states, "a", count_one);
  states.commit();
  check_refused(errc::illegal_state, "not after the last one",
                [&] { states.begin(batch_time(5)); });
  check_refused(errc::invalid_argument, "out of range",
                [&] { states.begin(batch_time(std::int64_t{1} << 61)); });
  check_refused(errc::invalid_argument, "timeout", [] { text_store(hash_seed{}, seconds(-1)); });
  CHECK(all(states) == counts{{"a", 1}});
}

TEST_CASE("at its bound a store refuses one more key; the batch can be undone") {
  text_store states(hash_seed{9}, std::nullopt, 2);
  states.begin(batch_time(1));
  update_letters(states, "ab", count_one);
  states.commit();
  states.begin(batch_time(2));
  check_refused(errc::limit_exceeded, "2 keys", [&] { update_letters(states, "aac", count_one); });
  states.rollback();
  CHECK(all(states) == counts{{"a", 1}, {"b", 1}});
}

TEST_CASE("states that cannot be copied are kept, changed and undone too") {
  state_store<std::uint64_t, std::unique_ptr<int>> states(hash_seed{10}, seconds(1));
  const std::uint64_t key = 1;
  const std::uint64_t hash = key_hash<std::uint64_t>{}(key, states.seed());
  const auto set = [&](int n) {
    states.update(
        1, &hash, [&](std::size_t) { return key; },
        [&](std::size_t, state<std::unique_ptr<int>>& s) { s.update(std::make_unique<int>(n)); });
  };
  states.begin(batch_time(1));
  set(1);
  states.commit();
  states.begin(batch_time(2));
  set(2);
  set(3);
  CHECK(**states.find(key, hash) == 3);
  states.rollback();
  CHECK(**states.find(key, hash) == 1);
}

TEST_CASE("a state of 8 bytes costs at most 48 over it and its key: at 1 and 10 million keys, just "
          "after growth, and when all were touched") {
  number_store states(hash_seed{11}, seconds(100));
  std::size_t worst = 0;
  const auto measure = [&] {
    if (states.size() > 100'000)
      worst = std::max(worst, states.memory_bytes() / states.size() - 16);
  };
  std::int64_t time = 0;
  for (std::uint64_t from = 0; from < 1'000'000; from += 10'000) {
    add_range(states, time += 1'000, from, from + 10'000);
    measure();
  }
  add_range(states, time += 1'000, 0, 1'000'000);
  measure();
  for (std::uint64_t from = 1'000'000; from < 10'000'000; from += 250'000) {
    add_range(states, time += 1'000, from, from + 250'000);
    measure();
  }
  CHECK(states.size() == 10'000'000);
  CHECK(worst <= 48);
}
