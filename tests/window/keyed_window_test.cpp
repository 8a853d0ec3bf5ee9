#include "millrace/window/keyed_window.hpp"
#include "support/seed.hpp"
#include "window/keyed_model.hpp"

#include <algorithm>

using namespace millrace;
using namespace millrace::test;

namespace {

constexpr hash_seed seed_of_hashes{42};

using text_window = keyed_window<std::string_view, std::string, concatenate>;
using number_entry = keyed_table<std::uint64_t, std::uint64_t>::entry;

struct maximum {
  std::uint64_t operator()(std::uint64_t a, std::uint64_t b) const { return std::max(a, b); }
};

number_entry number(std::uint64_t key, std::uint64_t value) {
  return {key_hash<std::uint64_t>{}(key, seed_of_hashes), key, value};
}

template <class Window, class Entry>
void slide(Window& window, std::int64_t now, const std::vector<Entry>& entries) {
  window.push(batch_time{now}, std::span<const Entry>{entries});
}

} // namespace

TEST_CASE("random histories agree with recomputing, in order, with failures and retries") {
  std::mt19937_64 seeds(test::seed());
  for (std::int64_t length : {10, 20, 40, 100, 600})
    for (std::size_t keys : {1u, 12u, 60u}) {
      const concatenate combine;
      check_random_history(text_window(duration{length}, seed_of_hashes, combine), *combine.burning,
                           {length, keys, 60}, seed_of_hashes, seeds());
    }
}

namespace {

using number_window = keyed_window<std::uint64_t, std::uint64_t, maximum>;
using number_batch = std::map<std::uint64_t, std::uint64_t>;

void slide(number_window& window, std::int64_t now, const number_batch& batch) {
  std::vector<number_entry> entries;
  for (const auto& [key, value] : batch)
    entries.push_back(number(key, value));
  slide(window, now, entries);
}

} // namespace

TEST_CASE("random histories of numbers agree with recomputing, with rollbacks") {
  std::mt19937_64 random(test::seed());
  for (std::int64_t length : {1, 2, 3, 50, 400}) {
    number_window window(duration{length}, seed_of_hashes);
    std::vector<number_batch> batches;
    std::size_t committed = 0;
    for (std::int64_t now = 0; now < 500; ++now) {
      number_batch& batch = batches.emplace_back();
      for (std::size_t n = random() % 700; n > 0; --n)
        batch[random() % 900] = random();
      slide(window, now, batch);
      if (random() % 8 == 0) {
        window.rollback();
        for (std::size_t i = committed; i < batches.size(); ++i)
          slide(window, static_cast<std::int64_t>(i), batches[i]);
      }
      if (random() % 10 == 0) {
        number_batch model, all;
        for (std::size_t i = std::max<std::int64_t>(0, now - length + 1); i < batches.size(); ++i)
          for (const auto& [key, value] : batches[i])
            model[key] = std::max(model[key], value);
        window.for_each([&](std::uint64_t key, std::uint64_t value) { all[key] = value; });
        REQUIRE((all == model));
      }
      if (random() % 3 != 0) {
        window.commit();
        committed = batches.size();
      }
    }
  }
}

TEST_CASE("a batch costs calls for the keys that come, are turned or go, whatever the length") {
  constexpr int keys_a_batch = 20;
  const auto most_calls = [](std::int64_t length, bool fails) {
    const concatenate combine;
    text_window window(duration{length}, seed_of_hashes, combine);
    std::size_t most = 0;
    for (std::int64_t now = 0; now < 3 * length; ++now) {
      text_batch batch{now, {}};
      for (int i = 0; i < keys_a_batch; ++i)
        batch.values[std::to_string((now * 7 + i) % 200)] = "";
      if (fails && now % 17 == 0) {
        slide(window, now, batch.entries(seed_of_hashes));
        shown(window);
        window.rollback();
      }
      const std::size_t before = combine.burning->calls;
      slide(window, now, batch.entries(seed_of_hashes));
      shown(window);
      window.commit();
      most = std::max(most, combine.burning->calls - before);
    }
    return most;
  };
  for (std::int64_t length : {2, 10, 100, 1'000})
    CHECK(most_calls(length, false) <= keys_a_batch * (1 + 1 + 2 + 2));
  for (std::int64_t length : {200, 1'000})
    CHECK(most_calls(length, true) <= keys_a_batch * (1 + 1 + 2 + 2));
}

TEST_CASE("batches that leave the window together, with all of their half, cost no call") {
  const concatenate combine;
  text_window window(milliseconds(100), seed_of_hashes, combine);
  for (std::int64_t now = 0; now < 80; ++now) {
    slide(window, now, text_batch{now, {{"a", "x"}, {"b", "y"}}}.entries(seed_of_hashes));
    shown(window);
    window.commit();
  }
  const std::size_t before = combine.burning->calls;
  window.advance(batch_time{200});
  CHECK(shown(window).empty());
  window.commit();
  CHECK(combine.burning->calls == before);
  CHECK(window.size() == 0);
}

TEST_CASE("once it is full a window takes no more memory") {
  constexpr std::uint64_t keys = 1'500;
  constexpr std::int64_t length = 100;
  number_window window(duration{length}, seed_of_hashes);
  std::size_t full = 0;
  for (std::int64_t now = 0; now < 5 * length; ++now) {
    number_batch batch;
    for (std::uint64_t key = 0; key < keys - static_cast<std::uint64_t>(now) % 10; ++key)
      batch[key] = key * 31 + static_cast<std::uint64_t>(now);
    slide(window, now, batch);
    window.commit();
    if (now == 2 * length)
      full = window.memory_bytes();
    if (now > 2 * length)
      REQUIRE(window.memory_bytes() == full);
  }
  // A slack of an eighth at most, and a few columns to spare.
  const std::uint64_t values = keys * static_cast<std::uint64_t>(length + 8);
  CHECK(full < values * (4 + 8 + 9) * 9 / 8 + keys * 128 + 64'000);
  CHECK(full > values * (4 + 8 + 4));
  window.advance(batch_time{10 * length});
  window.commit();
  CHECK(window.size() == 0);
  CHECK(window.memory_bytes() < full / 3);
}

TEST_CASE("keys that are in no batch of the window are forgotten, with their memory") {
  keyed_window<std::uint64_t, std::uint64_t, maximum> window(seconds(10), seed_of_hashes);
  std::size_t peak = 0;
  for (std::int64_t now = 0; now < 100'000; now += 1'000) {
    std::vector<number_entry> entries;
    for (std::uint64_t i = 0; i < 500; ++i)
      entries.push_back(number(static_cast<std::uint64_t>(now) + i, i));
    slide(window, now, entries);
    window.commit();
    CHECK(window.size() <= 10 * 500);
    if (now == 20'000)
      peak = window.memory_bytes();
  }
  CHECK(window.memory_bytes() <= peak + peak / 4);
  window.advance(batch_time{1'000'000});
  window.commit();
  CHECK(window.size() == 0);
}

TEST_CASE("a failure that comes again and again leaves the window as it was each time") {
  const concatenate combine;
  text_window window(milliseconds(30), seed_of_hashes, combine);
  for (std::int64_t now : {10, 20, 30}) {
    slide(window, now, text_batch{now, {{"a", "x"}, {"b", "y"}}}.entries(seed_of_hashes));
    window.commit();
  }
  const text_batch next{40, {{"a", "1"}, {"b", "2"}, {"c", "3"}}};
  std::size_t failures = 0;
  for (std::size_t at = 0;; ++at) {
    combine.burning->until = at;
    try {
      slide(window, 40, next.entries(seed_of_hashes));
      shown(window);
      break;
    } catch (const std::runtime_error&) {
      ++failures;
    }
    window.rollback();
    combine.burning->until = never;
    CHECK(shown(window) == text_values{{"a", "xxx"}, {"b", "yyy"}});
    CHECK(window.size() == 2);
  }
  CHECK(failures >= 4);
  CHECK(shown(window) == text_values{{"a", "xx1"}, {"b", "yy2"}, {"c", "3"}});
}

TEST_CASE("a half that was being turned is as it was after a rollback of two more") {
  const concatenate combine;
  text_window window(milliseconds(10), seed_of_hashes, combine);
  const auto push = [&](std::int64_t now) {
    text_batch batch{now, {{"always", std::string(1, static_cast<char>('a' + now))}}};
    if (now < 5 || now >= 10)
      batch.values["rare"] = batch.values["always"];
    slide(window, now, batch.entries(seed_of_hashes));
  };
  for (std::int64_t now = 0; now <= 6; ++now) {
    push(now);
    window.commit();
  }
  const std::size_t held = window.memory_bytes();
  for (std::int64_t now = 7; now <= 15; ++now)
    push(now);
  CHECK(window.memory_bytes() > held);
  window.rollback();
  const std::string all = "abcdefg";
  for (std::int64_t now = 7; now < 17; ++now) {
    window.advance(batch_time{now});
    text_values expected;
    const auto from = static_cast<std::size_t>(std::max<std::int64_t>(0, now - 9));
    if (from < 5)
      expected["rare"] = all.substr(from, 5 - from);
    if (from < 7)
      expected["always"] = all.substr(from);
    CHECK(shown(window) == expected);
    window.commit();
  }
  CHECK(window.size() == 0);
}

TEST_CASE("what a checkpoint keeps restores the window") {
  const concatenate combine;
  text_window window(milliseconds(50), seed_of_hashes, combine);
  text_window restored(milliseconds(50), seed_of_hashes, combine);
  std::mt19937_64 random(test::seed());
  for (std::int64_t now = 10; now <= 300; now += 10) {
    slide(window, now, random_batch(random, now, 20).entries(seed_of_hashes));
    window.commit();
  }
  window.for_each_batch([&](batch_time time, auto ids, auto values) {
    std::vector<text_entry> entries;
    for (std::size_t i = 0; i < ids.size(); ++i)
      entries.push_back({window.hash(ids[i]), window.key(ids[i]), values[i]});
    slide(restored, time.ms(), entries);
    restored.commit();
  });
  CHECK((shown(restored) == shown(window)));
  CHECK(restored.size() == window.size());
}

TEST_CASE("batches out of order and too many keys are refused") {
  keyed_window<std::uint64_t, std::uint64_t, maximum> window(seconds(1), seed_of_hashes, {}, 3);
  CHECK_THROWS_AS((keyed_window<int, int, std::plus<>>(duration{-5}, seed_of_hashes)),
                  stream_error);
  slide(window, 100, std::vector{number(1, 1), number(2, 2)});
  window.commit();
  CHECK_THROWS_AS(window.advance(batch_time{100}), stream_error);
  CHECK_THROWS_AS(slide(window, 99, std::vector{number(1, 1)}), stream_error);
  try {
    slide(window, 101, std::vector{number(1, 5), number(3, 3), number(4, 4)});
    FAIL("a fourth key was taken");
  } catch (const stream_error& e) {
    CHECK(e.code() == errc::limit_exceeded);
  }
  window.rollback();
  slide(window, 101, std::vector{number(1, 5), number(3, 3)});
  window.commit();
  CHECK(window.size() == 3);
}

TEST_CASE("keys of several parts own their text") {
  using key = std::pair<std::string_view, int>;
  keyed_window<key, int, std::plus<>> window(seconds(1), seed_of_hashes);
  using entry = keyed_table<key, int>::entry;
  for (std::int64_t now : {1, 2}) {
    std::string text = "a key that is too long to lie within a string";
    const key each{text, 7};
    slide(window, now, std::vector{entry{key_hash<key>{}(each, seed_of_hashes), each, 1}});
    text.assign(text.size(), '#');
    window.commit();
  }
  window.for_each([](const std::pair<std::string, int>& key, int value) {
    CHECK(key.first == "a key that is too long to lie within a string");
    CHECK(value == 2);
  });
  CHECK(window.size() == 1);
}
