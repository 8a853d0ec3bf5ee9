#include "millrace/window/inverse_keyed_window.hpp"
#include "support/seed.hpp"
#include "window/keyed_model.hpp"

#include <functional>

using namespace millrace;
using namespace millrace::test;

namespace {

constexpr hash_seed seed_of_hashes{43};

struct not_empty {
  bool operator()(const std::string&, const std::string& value) const { return !value.empty(); }
};

struct is_zero {
  bool operator()(long value) const { return value == 0; }
};

using count_entry = keyed_table<std::string_view, long>::entry;
using counts = std::map<std::string, long>;

template <class Keep = keep_every_key>
using count_window = inverse_keyed_window<std::string_view, long, std::plus<>, std::minus<>, Keep>;

/// One batch, with the count of each letter of `text`.
template <class Window>
void push_letters(Window& window, std::int64_t now, std::string_view text, long each = 1) {
  std::map<char, long> letters;
  for (char letter : text)
    letters[letter] += each;
  std::vector<std::string> keys;
  for (const auto& [letter, count] : letters)
    keys.emplace_back(1, letter);
  std::vector<count_entry> entries;
  for (const std::string& key : keys)
    entries.push_back({key_hash<std::string_view>{}(key, seed_of_hashes), key, letters[key[0]]});
  window.push(batch_time{now}, std::span<const count_entry>{entries});
}

template <class Window>
counts contents(const Window& window) {
  counts all;
  window.for_each([&](const std::string& key, long count) { all[key] = count; });
  return all;
}

template <class Window>
std::vector<counts> slides(Window window, const std::vector<std::string>& batches) {
  std::vector<counts> all;
  std::int64_t now = 0;
  for (const std::string& batch : batches) {
    push_letters(window, now += 1'000, batch);
    all.push_back(contents(window));
    window.commit();
  }
  return all;
}

const std::vector<std::string> spark_big_input{"a", "ab", "abc", "ab", "a", "",
                                               "a", "ab", "abc", "ab", "a", ""};

} // namespace

TEST_CASE("random histories agree with recomputing, in order, with failures and retries") {
  std::mt19937_64 seeds(test::seed());
  for (std::int64_t length : {10, 20, 40, 100, 600})
    for (std::size_t keys : {1u, 12u, 60u}) {
      const concatenate combine;
      using all_keys = inverse_keyed_window<std::string_view, std::string, concatenate, cut_front>;
      check_random_history(
          all_keys(duration{length}, seed_of_hashes, combine, cut_front{combine.burning}),
          *combine.burning, {length, keys, 60, true}, seed_of_hashes, seeds());
      using live_keys =
          inverse_keyed_window<std::string_view, std::string, concatenate, cut_front, not_empty>;
      check_random_history(
          live_keys(duration{length}, seed_of_hashes, combine, cut_front{combine.burning}),
          *combine.burning, {length, keys, 60, false}, seed_of_hashes, seeds());
    }
}

TEST_CASE("Spark's big test: without a filter keys stay at zero for ever") {
  const std::vector<counts> expected{{{"a", 1}},
                                     {{"a", 2}, {"b", 1}},
                                     {{"a", 2}, {"b", 2}, {"c", 1}},
                                     {{"a", 2}, {"b", 2}, {"c", 1}},
                                     {{"a", 2}, {"b", 1}, {"c", 0}},
                                     {{"a", 1}, {"b", 0}, {"c", 0}},
                                     {{"a", 1}, {"b", 0}, {"c", 0}},
                                     {{"a", 2}, {"b", 1}, {"c", 0}},
                                     {{"a", 2}, {"b", 2}, {"c", 1}},
                                     {{"a", 2}, {"b", 2}, {"c", 1}},
                                     {{"a", 2}, {"b", 1}, {"c", 0}},
                                     {{"a", 1}, {"b", 0}, {"c", 0}}};
  CHECK((slides(count_window<>(seconds(2), seed_of_hashes), spark_big_input) == expected));
}

TEST_CASE("Spark's big test with a filter, here as a zero test") {
  using window = count_window<keep_unless_zero<is_zero>>;
  const std::vector<counts> expected{{{"a", 1}},
                                     {{"a", 2}, {"b", 1}},
                                     {{"a", 2}, {"b", 2}, {"c", 1}},
                                     {{"a", 2}, {"b", 2}, {"c", 1}},
                                     {{"a", 2}, {"b", 1}},
                                     {{"a", 1}},
                                     {{"a", 1}},
                                     {{"a", 2}, {"b", 1}},
                                     {{"a", 2}, {"b", 2}, {"c", 1}},
                                     {{"a", 2}, {"b", 2}, {"c", 1}},
                                     {{"a", 2}, {"b", 1}},
                                     {{"a", 1}}};
  CHECK((slides(window(seconds(2), seed_of_hashes), spark_big_input) == expected));
}

TEST_CASE("a key that the filter rejects for a while is counted right when it comes back") {
  // Spark forgets a key in the batch in which its value is rejected. When it comes again while
  // batches with it are still in the window, Spark starts from the new value alone and then takes
  // away what it forgot to add: here it would come to 5 - 6 at 4 s, and at 5 s it would have an old
  // value to take away from none.
  const auto positive = [](const std::string&, long value) { return value > 0; };
  count_window<std::function<bool(const std::string&, long)>> window(seconds(3), seed_of_hashes, {},
                                                                     {}, positive);
  push_letters(window, 1'000, "a", 6);
  CHECK(contents(window) == counts{{"a", 6}});
  window.commit();
  push_letters(window, 2'000, "a", -6);
  CHECK(contents(window).empty());
  window.commit();
  CHECK(window.size() == 1);
  push_letters(window, 3'000, "a", 5);
  CHECK(contents(window) == counts{{"a", 5}});
  window.commit();
  window.advance(batch_time{4'000});
  CHECK(contents(window).empty()); // -6 and 5 are in the window
  window.commit();
  window.advance(batch_time{5'000});
  CHECK(contents(window) == counts{{"a", 5}});
  window.commit();
  window.advance(batch_time{6'000});
  CHECK(contents(window).empty());
  window.commit();
  CHECK(window.size() == 0);
}

TEST_CASE("a larger slide: several batches are pushed before one look") {
  count_window<keep_unless_zero<is_zero>> window(seconds(4), seed_of_hashes);
  std::vector<counts> shown;
  std::int64_t now = 0;
  for (long value : {1, 2, 3, 4, 5, 6, 0, 0}) {
    push_letters(window, now += 1'000, value == 0 ? "" : "a", value);
    if (now % 2'000 != 0)
      continue;
    shown.push_back(contents(window));
    window.commit();
  }
  CHECK((shown == std::vector<counts>{{{"a", 3}}, {{"a", 10}}, {{"a", 18}}, {{"a", 11}}}));
}

TEST_CASE("a slide costs one call for each key that comes and each that goes") {
  for (std::int64_t length : {2, 10, 100}) {
    const concatenate combine;
    inverse_keyed_window<std::string_view, std::string, concatenate, cut_front> window(
        duration{length}, seed_of_hashes, combine, cut_front{combine.burning});
    for (std::int64_t now = 0; now < 3 * length; ++now) {
      text_batch batch{now, {}};
      for (int i = 0; i < 20; ++i)
        batch.values[std::to_string(i)] = "";
      const auto entries = batch.entries(seed_of_hashes);
      const std::size_t before = combine.burning->calls;
      window.push(batch_time{now}, std::span<const text_entry>{entries});
      window.commit();
      CHECK(combine.burning->calls - before <= 2 * 20);
    }
  }
}

TEST_CASE("a rollback puts floating-point values back to the bit") {
  inverse_keyed_window<int, double, std::plus<>, std::minus<>> window(milliseconds(30),
                                                                      seed_of_hashes);
  using entry = keyed_table<int, double>::entry;
  std::mt19937_64 random(test::seed());
  const auto all = [&] {
    std::map<int, double> values;
    window.for_each([&](int key, double value) { values[key] = value; });
    return values;
  };
  for (std::int64_t now = 10; now < 1'000; now += 10) {
    std::vector<entry> entries;
    for (int key = 0; key < 20; ++key)
      if (random() % 2 == 0)
        entries.push_back(
            {key_hash<int>{}(key, seed_of_hashes), key, static_cast<double>(random()) * 1e-9});
    const auto before = all();
    window.push(batch_time{now}, std::span<const entry>{entries});
    const auto after = all();
    window.rollback();
    REQUIRE((all() == before));
    window.push(batch_time{now}, std::span<const entry>{entries});
    REQUIRE((all() == after));
    window.commit();
  }
}

TEST_CASE("a key that no batch of the window contains starts from its new value") {
  inverse_keyed_window<int, double, std::plus<>, std::minus<>> window(milliseconds(20),
                                                                      seed_of_hashes);
  using entry = keyed_table<int, double>::entry;
  std::int64_t now = 0;
  for (double value : {1e16, 1.0, 0.0, 0.0, 1.0}) {
    std::vector<entry> entries;
    if (value != 0)
      entries.push_back({key_hash<int>{}(1, seed_of_hashes), 1, value});
    window.push(batch_time{now += 10}, std::span<const entry>{entries});
    window.commit();
  }
  window.for_each([](int, double value) { CHECK(value == 1.0); });
}

TEST_CASE("with a filter memory follows the keys of the window") {
  count_window<keep_unless_zero<is_zero>> window(seconds(5), seed_of_hashes);
  std::size_t peak = 0;
  for (std::int64_t now = 0; now < 100'000; now += 1'000) {
    std::vector<std::string> keys;
    for (int i = 0; i < 300; ++i)
      keys.push_back(std::to_string(now) + " " + std::to_string(i));
    std::vector<count_entry> entries;
    for (const auto& key : keys)
      entries.push_back({key_hash<std::string_view>{}(key, seed_of_hashes), key, 1});
    window.push(batch_time{now}, std::span<const count_entry>{entries});
    window.commit();
    CHECK(window.size() <= 5 * 300);
    if (now == 10'000)
      peak = window.memory_bytes();
  }
  CHECK(window.memory_bytes() <= peak + peak / 4);
}

TEST_CASE("what a checkpoint keeps restores the window, keys at zero included") {
  count_window<> window(seconds(2), seed_of_hashes);
  count_window<> restored(seconds(2), seed_of_hashes);
  std::int64_t now = 0;
  for (const char* batch : {"abc", "ab", "a", "ad"}) {
    push_letters(window, now += 1'000, batch);
    window.commit();
  }
  window.for_each_idle([&](std::uint64_t hash, const std::string& key, long total) {
    restored.restore_idle(hash, key, total);
  });
  window.for_each_batch([&](batch_time time, auto ids, auto values) {
    std::vector<count_entry> entries;
    for (std::size_t i = 0; i < ids.size(); ++i)
      entries.push_back({window.hash(ids[i]), window.key(ids[i]), values[i]});
    restored.push(time, std::span<const count_entry>{entries});
    restored.commit();
  });
  CHECK(contents(window) == counts{{"a", 2}, {"b", 0}, {"c", 0}, {"d", 1}});
  CHECK(contents(restored) == contents(window));
  push_letters(window, 5'000, "c");
  push_letters(restored, 5'000, "c");
  CHECK(contents(restored) == contents(window));
}
