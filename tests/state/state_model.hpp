#pragma once

#include "millrace/state/state_store.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace millrace::test {

/// A value that tells of all the steps that led to it.
inline void next_step(std::string& value, std::uint64_t step) { value += std::to_string(step); }
inline void next_step(std::uint64_t& value, std::uint64_t step) { value = value * 31 + step + 1; }

/// A state store with keys of text beside a plain map, both led through the same random batches.
template <class S>
class basic_modelled_store {
public:
  struct known {
    S value;
    std::int64_t touched;
    friend bool operator==(const known&, const known&) = default;
  };
  using contents = std::map<std::string, known>;
  using store = state_store<std::string, S>;

  basic_modelled_store(std::uint64_t seed, std::optional<duration> timeout, std::uint64_t key_space)
      : random{seed},
        states{hash_seed{random()}, timeout},
        timeout_{timeout},
        key_space_{key_space} {}

  /// One batch: begun, perhaps broken off by an exception, and committed or rolled back.
  void run_batch() {
    now += 1 + std::int64_t(random() % 2'000);
    const contents before = model;
    states.begin(batch_time(now));
    try {
      if (random() % 8 == 0)
        put_some();
      for (std::uint64_t rounds = random() % 4; rounds > 0; --rounds)
        update_some(random() % 40 == 0);
      if (random() % 5 == 0)
        update_untouched();
      if (random() % 5 != 0)
        expire(random() % 20 == 0);
      check_touched();
    } catch (const std::runtime_error&) {
      return roll_back(before);
    }
    check();
    if (random() % 5 == 0)
      return roll_back(before);
    states.commit();
    check();
  }

  /// During a batch or between batches.
  void check() const {
    contents found;
    std::size_t seen = 0; // twice, if a key is there twice
    states.for_each([&](const std::string& key, const S& value) {
      ++seen;
      const auto at = model.find(key);
      found.emplace(key, known{value, at != model.end() ? at->second.touched : -1});
    });
    CHECK(found == model);
    CHECK(seen == model.size());
    CHECK(states.size() == model.size());
    for (std::uint64_t i = 0; i < 5; ++i) {
      const std::string key = key_of(i * 7 % key_space_);
      const S* value = states.find(key, hash(key));
      REQUIRE((value != nullptr) == (model.count(key) == 1));
      if (value)
        CHECK(*value == model.at(key).value);
    }
  }

  std::uint64_t hash(std::string_view key) const {
    return key_hash<std::string_view>{}(key, states.seed());
  }

  static std::string key_of(std::uint64_t number) {
    return std::string(number % 20, '-') + std::to_string(number);
  }

  std::mt19937_64 random;
  store states;
  contents model;
  std::int64_t now = -5'000;

private:
  void roll_back(const contents& before) {
    states.rollback();
    model = before;
    check();
    // The same batch may be tried again.
    if (random() % 2 == 0)
      now -= 1;
  }

  void put_some() {
    for (std::uint64_t n = random() % 10; n > 0; --n) {
      const std::string key = key_of(random() % key_space_);
      S value{};
      next_step(value, static_cast<std::uint64_t>(now + 1'000'000));
      states.put(std::string_view(key), hash(key), value);
      model[key] = {value, now};
    }
  }

  void update_some(bool fail) {
    std::vector<std::string> keys(random() % 200);
    std::vector<std::uint64_t> hashes;
    for (std::string& key : keys)
      hashes.push_back(hash(key = key_of(random() % key_space_)));
    const std::size_t bad = fail && !keys.empty() ? random() % keys.size() : keys.size();
    states.update(
        keys.size(), hashes.data(), [&](std::size_t i) { return std::string_view(keys[i]); },
        [&](std::size_t i, state<S>& s) {
          visit(keys[i], s);
          if (i == bad)
            throw std::runtime_error("a user's function");
        });
  }

  void visit(const std::string& key, state<S>& s) {
    const auto at = model.find(key);
    REQUIRE(s.exists() == (at != model.end()));
    REQUIRE_FALSE(s.is_timing_out());
    if (at != model.end())
      CHECK(s.get() == at->second.value);
    const std::uint64_t action = random() % 8;
    if (action < 4) {
      S next = s.exists() ? s.get() : S{};
      next_step(next, action);
      s.update(next);
      CHECK(s.get() == next);
      model[key] = {next, now};
    } else if (action == 4) {
      s.remove();
      model.erase(key);
    } else if (action == 5) {
      s.update(S{});
      s.remove();
      model.erase(key);
    } else if (at != model.end() && timeout_) {
      at->second.touched = now;
    }
  }

  void update_untouched() {
    std::set<std::string> expected;
    for (const auto& [key, k] : model)
      if (k.touched != now)
        expected.insert(key);
    std::vector<std::string> called;
    states.update_untouched([&](const std::string& key, state<S>& s) {
      called.push_back(key);
      visit(key, s);
    });
    check_same(called, expected);
  }

  void expire(bool fail) {
    std::set<std::string> expected;
    for (const auto& [key, k] : model)
      if (timeout_ && k.touched < now - timeout_->ms())
        expected.insert(key);
    std::vector<std::string> called;
    states.expire([&](const std::string& key, state<S>& s) {
      REQUIRE(s.is_timing_out());
      REQUIRE(s.get() == model.at(key).value);
      called.push_back(key);
      if (fail)
        throw std::runtime_error("a user's function");
      model.erase(key);
    });
    check_same(called, expected);
  }

  void check_touched() const {
    std::set<std::string> expected;
    for (const auto& [key, k] : model)
      if (k.touched == now)
        expected.insert(key);
    std::vector<std::string> touched;
    std::size_t wrong = 0;
    states.touched([&](const std::string& key, const S& value) {
      touched.push_back(key);
      wrong += value != model.at(key).value;
    });
    CHECK(wrong == 0);
    check_same(touched, expected);
  }

  /// Each of `expected` once, in any order.
  static void check_same(std::vector<std::string>& found, const std::set<std::string>& expected) {
    std::ranges::sort(found);
    CHECK(std::ranges::equal(found, expected));
  }

  std::optional<duration> timeout_;
  std::uint64_t key_space_;
};

using modelled_store = basic_modelled_store<std::string>;

} // namespace millrace::test
