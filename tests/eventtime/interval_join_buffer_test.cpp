#include "eventtime/event_harness.hpp"
#include "millrace/eventtime/interval_join_buffer.hpp"
#include "support/seed.hpp"

#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using buffer_under_test = interval_join_buffer<int, int, int>;

struct interval_bounds {
  std::int64_t lower;
  std::int64_t upper;
};

/// A pair of record numbers.
using match = std::pair<int, int>;
using matches = std::vector<match>;

struct two_sided {
  std::vector<event> left;
  std::vector<event> right;
};

struct join_result {
  matches pairs;
  std::vector<int> late_left;
  std::vector<int> late_right;

  friend bool operator==(const join_result&, const join_result&) = default;
};

std::uint64_t hash_of(int key) { return key_hash<int>{}(key, seed_of_hashes); }

join_result run_join(buffer_under_test& buffer, const two_sided& batch, event_time left_watermark,
                     event_time right_watermark, fuse& watched) {
  join_result result;
  buffer.begin(left_watermark, right_watermark);
  for (const event& each : batch.left)
    if (buffer.add_left(each.key, hash_of(each.key), at(each.time), each.number) == arrival::late)
      result.late_left.push_back(each.number);
  for (const event& each : batch.right)
    if (buffer.add_right(each.key, hash_of(each.key), at(each.time), each.number) == arrival::late)
      result.late_right.push_back(each.number);
  buffer.join([&](int, const timestamped<int>& left, const timestamped<int>& right) {
    if (watched.burns())
      throw fuse::blown();
    result.pairs.push_back({left.value, right.value});
  });
  return result;
}

/// What is kept, of each key in order.
auto kept_in(const buffer_under_test& buffer) {
  std::vector<std::tuple<int, bool, std::int64_t, int>> all;
  buffer.for_each(
      [&](int key, std::uint64_t hash, const timestamped<int>& each) {
        REQUIRE(hash == hash_of(key));
        all.emplace_back(key, false, each.time.ms(), each.value);
      },
      [&](int key, std::uint64_t hash, const timestamped<int>& each) {
        REQUIRE(hash == hash_of(key));
        all.emplace_back(key, true, each.time.ms(), each.value);
      });
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
  });
  return all;
}

join_result run_and_commit(buffer_under_test& buffer, const two_sided& batch,
                           event_time left_watermark, event_time right_watermark,
                           std::mt19937_64* random = nullptr) {
  fuse watched;
  if (random) {
    const auto before = kept_in(buffer);
    const std::size_t size = buffer.size();
    watched.calls_left = static_cast<std::int64_t>((*random)() % 20);
    try {
      (void)run_join(buffer, batch, left_watermark, right_watermark, watched);
    } catch (const fuse::blown&) {
    }
    watched.calls_left = -1;
    buffer.rollback();
    REQUIRE(kept_in(buffer) == before);
    REQUIRE(buffer.size() == size);
  }
  join_result result = run_join(buffer, batch, left_watermark, right_watermark, watched);
  buffer.commit();
  return result;
}

/// Keeps all records for ever; joins a new one with all of the other side that were not late.
class naive_join {
public:
  explicit naive_join(interval_bounds of) : bounds_{of} {}

  join_result run(const two_sided& batch, event_time left_watermark, event_time right_watermark) {
    join_result result;
    for (const event& each : batch.left) {
      if (at(each.time) < left_watermark_) {
        result.late_left.push_back(each.number);
        continue;
      }
      left_.push_back(each);
      for (const event& other : right_)
        try_pair(each, other, result);
    }
    for (const event& each : batch.right) {
      if (at(each.time) < right_watermark_) {
        result.late_right.push_back(each.number);
        continue;
      }
      right_.push_back(each);
      for (const event& other : left_)
        try_pair(other, each, result);
    }
    left_watermark_ = left_watermark;
    right_watermark_ = right_watermark;
    return result;
  }

  /// What a partner could still come for.
  std::size_t waiting() const {
    const auto lefts = std::count_if(left_.begin(), left_.end(), [&](const event& e) {
      return e.time + bounds_.upper >= right_watermark_.ms();
    });
    const auto rights = std::count_if(right_.begin(), right_.end(), [&](const event& e) {
      return e.time - bounds_.lower >= left_watermark_.ms();
    });
    return static_cast<std::size_t>(lefts + rights);
  }

private:
  void try_pair(const event& left, const event& right, join_result& result) const {
    if (left.key == right.key && left.time + bounds_.lower <= right.time &&
        right.time <= left.time + bounds_.upper)
      result.pairs.push_back({left.number, right.number});
  }

  interval_bounds bounds_;
  event_time left_watermark_ = earliest_event_time;
  event_time right_watermark_ = earliest_event_time;
  std::vector<event> left_;
  std::vector<event> right_;
};

buffer_under_test make(interval_bounds of, interval_join_options options = {}) {
  return {milliseconds(of.lower), milliseconds(of.upper), seed_of_hashes, options};
}

interval_bounds random_bounds(std::mt19937_64& random) {
  const auto lower = static_cast<std::int64_t>(random() % 120) - 60;
  return {lower, lower + static_cast<std::int64_t>(random() % 60)};
}

std::vector<two_sided> both_sides(const event_batches& left, const event_batches& right) {
  std::vector<two_sided> all(std::max(left.size(), right.size()));
  for (std::size_t i = 0; i < left.size(); ++i)
    all[i].left = left[i];
  for (std::size_t i = 0; i < right.size(); ++i)
    all[i].right = right[i];
  return all;
}

event_batches padded(event_batches batches, std::size_t size) {
  batches.resize(std::max(batches.size(), size));
  return batches;
}

matches in_any_order(matches all) {
  std::sort(all.begin(), all.end());
  return all;
}

event left_of(std::int64_t time, int number) { return {7, time, number}; }

} // namespace

TEST_CASE("pairs come out with the later record, with both bounds included") {
  buffer_under_test buffer = make({-2, 3});
  CHECK(run_and_commit(buffer, {{left_of(10, 1)}, {left_of(7, 2), left_of(8, 3)}}, at(0), at(0))
            .pairs == matches{{1, 3}});
  CHECK(run_and_commit(buffer, {{}, {left_of(13, 4), left_of(14, 5)}}, at(0), at(0)).pairs ==
        matches{{1, 4}});
  CHECK(run_and_commit(buffer, {{left_of(10, 6)}, {}}, at(0), at(0)).pairs ==
        matches{{6, 3}, {6, 4}});
  CHECK(buffer.size() == 6);
}

TEST_CASE("keys are joined with themselves only") {
  buffer_under_test buffer = make({0, 0});
  CHECK(run_and_commit(buffer, {{{1, 5, 1}, {2, 5, 2}}, {{2, 5, 3}, {3, 5, 4}}}, at(0), at(0))
            .pairs == matches{{2, 3}});
}

TEST_CASE("the order is by key as first seen, then by time, then by arrival") {
  buffer_under_test buffer = make({-100, 100});
  run_and_commit(buffer, {{{2, 30, 1}, {1, 50, 2}}, {{1, 50, 3}, {1, 40, 4}}}, at(0), at(0));
  const two_sided batch{{{1, 20, 5}, {2, 70, 6}, {1, 10, 7}},
                        {{2, 60, 8}, {1, 50, 9}, {1, 45, 10}}};
  CHECK(run_and_commit(buffer, batch, at(0), at(0)).pairs == matches{{7, 4},
                                                                     {7, 10},
                                                                     {7, 3},
                                                                     {7, 9},
                                                                     {5, 4},
                                                                     {5, 10},
                                                                     {5, 3},
                                                                     {5, 9}, // key 1, new left
                                                                     {2, 10},
                                                                     {2, 9}, // old left
                                                                     {6, 8},
                                                                     {1, 8}}); // key 2
}

TEST_CASE("records go when the other side's watermark rules out a partner") {
  buffer_under_test buffer = make({-5, 10});
  run_and_commit(buffer, {{left_of(100, 1)}, {left_of(100, 2)}}, at(0), at(0));
  run_and_commit(buffer, {}, at(105), at(110));
  CHECK(buffer.size() == 2);
  run_and_commit(buffer, {}, at(105), at(111));
  CHECK(buffer.size() == 1);
  run_and_commit(buffer, {}, at(106), at(111));
  CHECK(buffer.size() == 0);
  CHECK(buffer.left_watermark() == at(106));
  CHECK(run_and_commit(buffer, {{left_of(105, 3)}, {left_of(111, 4)}}, at(0), at(0)).late_left ==
        std::vector{3});
  CHECK(buffer.right_watermark() == at(111));
  CHECK(buffer.size() == 1);
}

TEST_CASE("while one side is idle the records of the other wait") {
  buffer_under_test buffer = make({0, 10});
  for (int i = 0; i < 100; ++i)
    run_and_commit(buffer, {{left_of(100 * i, i)}, {}}, at(100 * i), earliest_event_time);
  CHECK(buffer.size() == 100);
  CHECK(run_and_commit(buffer, {{}, {left_of(5'005, 1)}}, at(0), at(5'005)).pairs ==
        matches{{50, 1}});
  CHECK(buffer.size() == 50);
}

TEST_CASE("with random streams, cuts and exceptions the join does what a naive model does") {
  std::mt19937_64 random{test::seed()};
  for (int round = 0; round < 200; ++round) {
    const interval_bounds of = random_bounds(random);
    const int keys = 1 + static_cast<int>(random() % 6);
    const auto disorder = static_cast<std::int64_t>(random() % 100);
    const auto bound = static_cast<std::int64_t>(random() % 100);
    const auto lefts = random_cut(random, random_events(random, 200, keys, 4, disorder));
    const auto rights = random_cut(random, random_events(random, 200, keys, 4, disorder));
    const std::size_t count = std::max(lefts.size(), rights.size()) + 1;
    const auto left_marks = watermarks_of(padded(lefts, count), bound);
    const auto right_marks = watermarks_of(padded(rights, count), bound);
    const auto batches = both_sides(padded(lefts, count), padded(rights, count));
    buffer_under_test buffer = make(of);
    naive_join naive{of};
    for (std::size_t i = 0; i < batches.size(); ++i) {
      join_result got = run_and_commit(buffer, batches[i], left_marks[i], right_marks[i], &random);
      join_result expected = naive.run(batches[i], left_marks[i], right_marks[i]);
      got.pairs = in_any_order(got.pairs);
      expected.pairs = in_any_order(expected.pairs);
      REQUIRE(got == expected);
      REQUIRE(buffer.size() == naive.waiting());
    }
    run_and_commit(buffer, {}, at(1'000'000), at(1'000'000));
    CHECK(buffer.size() == 0);
  }
}

TEST_CASE("without late records all pairs come out once, however the streams are cut") {
  std::mt19937_64 random{test::seed() + 1};
  for (int round = 0; round < 50; ++round) {
    const interval_bounds of = random_bounds(random);
    const auto disorder = static_cast<std::int64_t>(random() % 100);
    const auto lefts = random_events(random, 250, 3, 4, disorder);
    const auto rights = random_events(random, 250, 3, 4, disorder);
    matches expected;
    for (const event& left : lefts)
      for (const event& right : rights)
        if (left.key == right.key && left.time + of.lower <= right.time &&
            right.time <= left.time + of.upper)
          expected.push_back({left.number, right.number});
    for (int cut = 0; cut < 3; ++cut) {
      const auto left_batches = random_cut(random, lefts);
      const auto right_batches = random_cut(random, rights);
      const std::size_t count = std::max(left_batches.size(), right_batches.size());
      const auto left_marks = watermarks_of(padded(left_batches, count), disorder);
      const auto right_marks = watermarks_of(padded(right_batches, count), disorder);
      const auto batches = both_sides(left_batches, right_batches);
      buffer_under_test buffer = make(of);
      matches all;
      for (std::size_t i = 0; i < batches.size(); ++i) {
        const auto got = run_and_commit(buffer, batches[i], left_marks[i], right_marks[i]);
        CHECK(got.late_left.empty());
        CHECK(got.late_right.empty());
        all.insert(all.end(), got.pairs.begin(), got.pairs.end());
      }
      CHECK(in_any_order(all) == in_any_order(expected));
    }
  }
}

TEST_CASE("a batch tried again gives the same pairs in the same order") {
  std::mt19937_64 random{test::seed() + 2};
  const auto lefts = random_events(random, 400, 4, 3, 40);
  const auto rights = random_events(random, 400, 4, 3, 40);
  buffer_under_test once = make({-20, 20});
  buffer_under_test often = make({-20, 20});
  for (std::size_t i = 0; i < 400; i += 20) {
    const two_sided batch{{lefts.begin() + static_cast<std::ptrdiff_t>(i),
                           lefts.begin() + static_cast<std::ptrdiff_t>(i) + 20},
                          {rights.begin() + static_cast<std::ptrdiff_t>(i),
                           rights.begin() + static_cast<std::ptrdiff_t>(i) + 20}};
    const event_time mark = at(lefts[i].time - 60);
    CHECK(run_and_commit(once, batch, mark, mark) ==
          run_and_commit(often, batch, mark, mark, &random));
  }
}

TEST_CASE("at the bound of records that wait the error names the option") {
  interval_join_options options;
  options.max_buffered_records = 3;
  buffer_under_test buffer = make({0, 10}, options);
  run_and_commit(buffer, {{left_of(1, 1), left_of(2, 2)}, {left_of(50, 3)}}, at(0), at(0));
  try {
    run_and_commit(buffer, {{left_of(3, 4)}, {}}, at(0), at(0));
    FAIL("a fourth record was kept");
  } catch (const stream_error& e) {
    CHECK(e.code() == errc::limit_exceeded);
    CHECK(std::string(e.what()).find("max_buffered_records") != std::string::npos);
  }
  buffer.rollback();
  CHECK(buffer.size() == 3);
  run_and_commit(buffer, {}, at(0), at(12));
  CHECK(buffer.size() == 2);
  CHECK(run_and_commit(buffer, {{}, {left_of(12, 5)}}, at(0), at(12)).pairs == matches{{2, 5}});
}

TEST_CASE("bounds in the wrong order and a buffer of nothing are refused") {
  CHECK_THROWS_AS(make({3, 2}), stream_error);
  interval_join_options options;
  options.max_buffered_records = 0;
  CHECK_THROWS_AS(make({2, 3}, options), stream_error);
}

TEST_CASE("event times and bounds near the limits of 64 bits do no harm") {
  const std::int64_t first = std::numeric_limits<std::int64_t>::min();
  const std::int64_t last = std::numeric_limits<std::int64_t>::max();
  buffer_under_test wide = make({first, last});
  const two_sided batch{{left_of(first, 1), left_of(last, 2)},
                        {left_of(first, 3), left_of(last, 4)}};
  CHECK(run_and_commit(wide, batch, at(last), at(last)).pairs == matches{{1, 3}, {2, 4}});
  buffer_under_test close = make({-1, 1});
  CHECK(run_and_commit(close, batch, at(last), at(last)).pairs == matches{{1, 3}, {2, 4}});
  CHECK(close.size() == 2);
}

TEST_CASE("text in keys and values is kept when its batch is gone; other values are moved") {
  interval_join_buffer<std::string_view, std::string_view, std::shared_ptr<int>> buffer{
      milliseconds(0), milliseconds(10), seed_of_hashes};
  std::string text = "a key with sixteen+ characters";
  const std::string_view key = text;
  const std::uint64_t hash = key_hash<std::string_view>{}(key, seed_of_hashes);
  buffer.begin(at(0), at(0));
  CHECK(buffer.add_left(key, hash, at(1), key.substr(2)) == arrival::kept);
  buffer.join([](const auto&...) {});
  buffer.commit();
  buffer.begin(at(0), at(0));
  CHECK(buffer.add_right(key, hash, at(1), std::make_shared<int>(5)) == arrival::kept);
  text.assign(text.size(), '#');
  int pairs = 0;
  buffer.join([&](const std::string& of, const timestamped<std::string>& left,
                  const timestamped<std::shared_ptr<int>>& right) {
    CHECK(of == "a key with sixteen+ characters");
    CHECK(left.value == "key with sixteen+ characters");
    CHECK(*right.value == 5);
    CHECK(right.value.use_count() == 1);
    ++pairs;
  });
  CHECK(pairs == 1);
  buffer.commit();
  CHECK(buffer.memory_bytes() > 0);
}

TEST_CASE("what for_each tells restores the buffer") {
  std::mt19937_64 random{test::seed() + 3};
  const auto lefts = random_events(random, 300, 4, 3, 40);
  const auto rights = random_events(random, 300, 4, 3, 40);
  buffer_under_test whole = make({-20, 20});
  buffer_under_test restored = make({-20, 20});
  for (std::size_t i = 0; i < 300; i += 20) {
    if (i == 160) {
      restored.restore(whole.left_watermark(), whole.right_watermark());
      whole.for_each([&](int key, std::uint64_t hash,
                         const timestamped<int>& each) { restored.restore_left(key, hash, each); },
                     [&](int key, std::uint64_t hash, const timestamped<int>& each) {
                       restored.restore_right(key, hash, each);
                     });
      CHECK(kept_in(restored) == kept_in(whole));
    }
    const two_sided batch{{lefts.begin() + static_cast<std::ptrdiff_t>(i),
                           lefts.begin() + static_cast<std::ptrdiff_t>(i) + 20},
                          {rights.begin() + static_cast<std::ptrdiff_t>(i),
                           rights.begin() + static_cast<std::ptrdiff_t>(i) + 20}};
    const event_time mark = at(lefts[i].time - 60);
    const auto expected = run_and_commit(whole, batch, mark, mark);
    if (i >= 160)
      CHECK(run_and_commit(restored, batch, mark, mark) == expected);
  }
}
