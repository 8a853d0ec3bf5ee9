#include "eventtime/event_harness.hpp"
#include "millrace/eventtime/keyed_event_window.hpp"
#include "support/seed.hpp"

#include <limits>
#include <map>
#include <numeric>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using windows_under_test = keyed_event_window<int, collect::result, collect>;

struct shape {
  std::int64_t size;
  std::int64_t slide;
  std::int64_t offset;

  window_spec spec() const {
    return window_spec::sliding(milliseconds(size), milliseconds(slide), milliseconds(offset));
  }
};

std::int64_t floor_to(std::int64_t t, std::int64_t step, std::int64_t offset) {
  std::int64_t start = offset;
  while (start > t)
    start -= step;
  while (start + step <= t)
    start += step;
  return start;
}

/// Keeps all records for ever and looks at all of them for each question.
class naive_windows {
public:
  naive_windows(shape of, std::int64_t lateness) : shape_{of}, lateness_{lateness} {}

  batch_result run(const std::vector<event>& batch, event_time watermark) {
    batch_result result;
    std::set<std::pair<event_window, int>> touched;
    for (const event& each : batch) {
      bool kept = false;
      for (std::int64_t start = floor_to(each.time, shape_.slide, shape_.offset);
           start + shape_.size > each.time; start -= shape_.slide) {
        const event_window window{at(start), at(start + shape_.size)};
        if (watermark_ != earliest_event_time && window.end + milliseconds(lateness_) <= watermark_)
          continue;
        kept = true;
        records_[{window, each.key}].push_back(each);
        touched.insert({window, each.key});
      }
      if (!kept)
        result.late.push_back(each.number);
    }
    for (const auto& [where, records] : records_)
      if (where.first.end <= watermark && (where.first.end > watermark_ || touched.contains(where)))
        result.emitted.push_back({where.first, where.second, in_order(records)});
    watermark_ = watermark;
    return result;
  }

private:
  /// By pane, then arrival: panes are cut where windows start or end.
  std::vector<int> in_order(std::vector<event> records) const {
    const auto pane = [&](const event& e) {
      return std::max(floor_to(e.time, shape_.slide, shape_.offset),
                      floor_to(e.time, shape_.slide, shape_.offset + shape_.size));
    };
    std::stable_sort(records.begin(), records.end(),
                     [&](const event& a, const event& b) { return pane(a) < pane(b); });
    std::vector<int> numbers;
    for (const event& each : records)
      numbers.push_back(each.number);
    return numbers;
  }

  shape shape_;
  std::int64_t lateness_;
  event_time watermark_ = earliest_event_time;
  std::map<std::pair<event_window, int>, std::vector<event>> records_;
};

shape random_shape(std::mt19937_64& random) {
  const auto slide = static_cast<std::int64_t>(1 + random() % 30);
  const bool tumbling = random() % 3 == 0;
  const auto more = tumbling ? 0 : static_cast<std::int64_t>(random() % 80);
  return {slide + more, slide, static_cast<std::int64_t>(random() % 100) - 50};
}

struct one_key {
  fuse never;
  windows_under_test windows;

  explicit one_key(const window_spec& spec, event_window_options options = {})
      : windows{spec, collect{&never}, seed_of_hashes, options} {}

  batch_result run(std::vector<std::pair<std::int64_t, int>> records, std::int64_t watermark) {
    std::vector<event> batch;
    for (const auto& [time, number] : records)
      batch.push_back({7, time, number});
    return run_and_commit(windows, batch, at(watermark), never, nullptr);
  }
};

emission fired(std::int64_t start, std::int64_t end, std::vector<int> values) {
  return {{at(start), at(end)}, 7, std::move(values)};
}

using emissions = std::vector<emission>;

} // namespace

TEST_CASE("a tumbling window fires once, when the watermark reaches its end") {
  one_key test{window_spec::tumbling(milliseconds(10))};
  CHECK(test.run({{3, 1}, {-2, 2}, {12, 3}}, -1).emitted.empty());
  CHECK(test.run({{9, 4}, {10, 5}}, 9).emitted == emissions{fired(-10, 0, {2})});
  CHECK(test.run({{5, 6}}, 10).emitted == emissions{fired(0, 10, {1, 4, 6})});
  CHECK(test.run({}, 19).emitted.empty());
  CHECK(test.run({}, 1'000'000'000'000).emitted == emissions{fired(10, 20, {3, 5})});
  CHECK(test.windows.size() == 0);
}

TEST_CASE("nothing is late against the watermark of its own batch, only against the last one") {
  one_key test{window_spec::tumbling(milliseconds(10))};
  const batch_result first = test.run({{500, 1}, {3, 2}}, 500);
  CHECK(first.late.empty());
  CHECK(first.emitted == emissions{fired(0, 10, {2})});
  const batch_result second = test.run({{499, 3}, {500, 4}}, 505);
  CHECK(second.late == std::vector{3});
  CHECK(second.emitted.empty());
}

TEST_CASE("a record counts in every sliding window that contains it") {
  one_key test{window_spec::sliding(milliseconds(10), milliseconds(5))};
  CHECK(test.run({{1, 1}, {6, 2}, {11, 3}}, 11).emitted ==
        emissions{fired(-5, 5, {1}), fired(0, 10, {1, 2})});
  CHECK(test.run({}, 100).emitted == emissions{fired(5, 15, {2, 3}), fired(10, 20, {3})});
}

TEST_CASE("a late record that some windows still take counts in those") {
  one_key test{window_spec::sliding(milliseconds(10), milliseconds(5))};
  test.run({{20, 1}}, 12);
  CHECK(test.run({{7, 2}}, 12).late.empty());
  CHECK(test.run({{4, 3}}, 12).late == std::vector{3});
  CHECK(test.run({}, 20).emitted == emissions{fired(5, 15, {2})});
}

TEST_CASE("within the allowed lateness each batch with late records emits the new result") {
  event_window_options options;
  options.allowed_lateness = milliseconds(5);
  one_key test{window_spec::tumbling(milliseconds(10)), options};
  CHECK(test.run({{1, 1}}, 10).emitted == emissions{fired(0, 10, {1})});
  CHECK(test.windows.size() == 1);
  CHECK(test.run({}, 12).emitted.empty());
  CHECK(test.run({{2, 2}, {3, 3}}, 12).emitted == emissions{fired(0, 10, {1, 2, 3})});
  CHECK(test.run({{4, 4}}, 15).emitted == emissions{fired(0, 10, {1, 2, 3, 4})});
  CHECK(test.windows.size() == 0);
  CHECK(test.run({{5, 5}}, 15).late == std::vector{5});
}

TEST_CASE("a window whose first record is late but allowed fires in that batch") {
  event_window_options options;
  options.allowed_lateness = milliseconds(100);
  one_key test{window_spec::sliding(milliseconds(10), milliseconds(5)), options};
  test.run({}, 50);
  CHECK(test.run({{7, 1}}, 60).emitted == emissions{fired(0, 10, {1}), fired(5, 15, {1})});
}

TEST_CASE("with random streams, cuts and exceptions the windows do what a naive model does") {
  std::mt19937_64 random{test::seed()};
  for (int round = 0; round < 300; ++round) {
    const shape of = random_shape(random);
    const auto disorder = static_cast<std::int64_t>(random() % 120);
    const auto bound = static_cast<std::int64_t>(random() % 120);
    const auto lateness = random() % 2 == 0 ? 0 : static_cast<std::int64_t>(random() % 100);
    const auto events =
        random_events(random, 300, 1 + int(random() % 6), 1 + std::int64_t(random() % 8), disorder);
    event_batches batches = random_cut(random, events);
    auto watermarks = watermarks_of(batches, bound);
    batches.emplace_back();
    watermarks.push_back(watermarks.back() + milliseconds(100'000));
    fuse watched;
    event_window_options options;
    options.allowed_lateness = milliseconds(lateness);
    windows_under_test windows{of.spec(), collect{&watched}, seed_of_hashes, options};
    naive_windows naive{of, lateness};
    for (std::size_t i = 0; i < batches.size(); ++i) {
      const batch_result got = run_and_commit(windows, batches[i], watermarks[i], watched, &random);
      const batch_result expected = naive.run(batches[i], watermarks[i]);
      REQUIRE(got.late == expected.late);
      REQUIRE(sorted(got.emitted) == sorted(expected.emitted));
      REQUIRE(std::is_sorted(got.emitted.begin(), got.emitted.end(),
                             [](const auto& a, const auto& b) { return a.window < b.window; }));
    }
    CHECK(windows.size() == 0);
  }
}

TEST_CASE("without late records the results and their order do not depend on the batches") {
  std::mt19937_64 random{test::seed() + 1};
  for (int round = 0; round < 100; ++round) {
    const shape of = random_shape(random);
    const auto disorder = static_cast<std::int64_t>(random() % 120);
    const auto events = random_events(random, 400, 1 + int(random() % 9), 5, disorder);
    std::vector<emissions> runs;
    for (int cut = 0; cut < 3; ++cut) {
      event_batches batches =
          cut == 0 ? event_batches{events} : random_cut(random, std::span{events});
      auto watermarks = watermarks_of(batches, disorder + 100);
      batches.emplace_back();
      watermarks.push_back(at(1'000'000));
      fuse never;
      windows_under_test windows{of.spec(), collect{&never}, seed_of_hashes};
      const auto results = run_all(windows, batches, watermarks, never);
      for (const auto& each : results)
        CHECK(each.late.empty());
      runs.push_back(all_emitted(results));
    }
    CHECK(runs[0] == runs[1]);
    CHECK(runs[0] == runs[2]);
  }
}

TEST_CASE("a batch that was rolled back may be followed by another one") {
  one_key test{window_spec::tumbling(milliseconds(10))};
  test.run({{1, 1}}, 0);
  test.windows.begin(at(50));
  const std::uint64_t hash = key_hash<int>{}(7, seed_of_hashes);
  CHECK(test.windows.add(7, hash, at(2), 2) == arrival::kept);
  CHECK(test.windows.add(7, hash, at(12), 3) == arrival::kept);
  test.windows.rollback();
  CHECK(test.windows.size() == 1);
  CHECK(test.run({{3, 4}}, 10).emitted == emissions{fired(0, 10, {1, 4})});
}

TEST_CASE("a watermark that goes back counts as the last one") {
  one_key test{window_spec::tumbling(milliseconds(10))};
  test.run({{1, 1}}, 10);
  test.windows.begin(at(3));
  CHECK(test.windows.add(7, key_hash<int>{}(7, seed_of_hashes), at(5), 2) == arrival::late);
  test.windows.commit();
  CHECK(test.windows.watermark() == at(10));
}

TEST_CASE("at the bound of open windows the error names the option") {
  event_window_options options;
  options.max_open_windows = 3;
  one_key test{window_spec::tumbling(milliseconds(10)), options};
  test.run({{1, 1}, {11, 2}, {21, 3}}, 0);
  test.run({{2, 4}}, 0);
  try {
    test.run({{31, 5}}, 0);
    FAIL("a fourth window was opened");
  } catch (const stream_error& e) {
    CHECK(e.code() == errc::limit_exceeded);
    CHECK(std::string(e.what()).find("max_open_windows") != std::string::npos);
  }
  test.windows.rollback();
  CHECK(test.run({}, 20).emitted == emissions{fired(0, 10, {1, 4}), fired(10, 20, {2})});
  CHECK(test.run({{31, 6}, {41, 7}}, 20).emitted.empty());
}

TEST_CASE("options and kinds of windows that do not fit are refused") {
  event_window_options late;
  late.allowed_lateness = milliseconds(-1);
  CHECK_THROWS_AS(one_key(window_spec::tumbling(seconds(1)), late), stream_error);
  event_window_options none;
  none.max_open_windows = 0;
  CHECK_THROWS_AS(one_key(window_spec::tumbling(seconds(1)), none), stream_error);
  CHECK_THROWS_AS(one_key(window_spec::session(seconds(1))), stream_error);
}

TEST_CASE("event times near the limits of 64 bits do no harm") {
  one_key test{window_spec::sliding(milliseconds(10), milliseconds(3))};
  const std::int64_t first = std::numeric_limits<std::int64_t>::min();
  const std::int64_t last = std::numeric_limits<std::int64_t>::max();
  CHECK(test.run({{last, 1}, {first, 2}, {0, 3}}, first).late.empty());
  CHECK(test.run({}, 100).emitted.size() >= 4);
  const batch_result end = test.run({{last - 100, 4}}, last);
  CHECK_FALSE(end.emitted.empty());
  CHECK(test.run({{last, 5}}, last).emitted.empty());
}

TEST_CASE("text keys are kept when their text is gone") {
  struct add {
    int create(int v) { return v; }
    void merge_value(int& c, int v) { c += v; }
    void merge_combiners(int& c, const int& other) { c += other; }
  };
  keyed_event_window<std::string_view, int, add> windows{
      window_spec::sliding(milliseconds(10), milliseconds(5)), add{}, seed_of_hashes};
  static_assert(std::is_same_v<decltype(windows)::key_type, std::string>);
  std::string text = "a key with sixteen+ characters";
  const auto put = [&](std::int64_t t, int value) {
    const std::string_view key = text;
    CHECK(windows.add(key, key_hash<std::string_view>{}(key, seed_of_hashes), at(t), value) ==
          arrival::kept);
  };
  windows.begin(at(0));
  put(1, 1);
  put(6, 10);
  windows.fire([](const std::string&, event_window, int) {});
  windows.commit();
  windows.begin(at(10));
  put(2, 100);
  text.assign(text.size(), '#');
  std::vector<std::pair<std::string, int>> sums;
  windows.fire([&](const std::string& key, event_window, int sum) { sums.push_back({key, sum}); });
  CHECK(sums == std::vector<std::pair<std::string, int>>{{"a key with sixteen+ characters", 101},
                                                         {"a key with sixteen+ characters", 111}});
}

TEST_CASE("keys of two parts and keys equal to the start of a pane stay apart") {
  fuse never;
  using pair_key = std::pair<std::string_view, std::int64_t>;
  keyed_event_window<pair_key, collect::result, collect> windows{
      window_spec::tumbling(milliseconds(10)), collect{&never}, seed_of_hashes};
  windows.begin(at(0));
  const pair_key key{"x", 10};
  for (const std::int64_t t : {10, 20, 10})
    CHECK(windows.add(key, key_hash<pair_key>{}(key, seed_of_hashes), at(t), int(t)) ==
          arrival::kept);
  CHECK(windows.size() == 2);

  keyed_event_window<std::int64_t, collect::result, collect> numbers{
      window_spec::tumbling(milliseconds(10)), collect{&never}, seed_of_hashes};
  numbers.begin(at(0));
  for (std::int64_t key = 0; key < 100; key += 10)
    for (std::int64_t t = 0; t < 100; t += 10)
      CHECK(numbers.add(key, key_hash<std::int64_t>{}(key, seed_of_hashes), at(t), 1) ==
            arrival::kept);
  CHECK(numbers.size() == 100);
}

TEST_CASE("what for_each tells restores the windows") {
  std::mt19937_64 random{test::seed() + 2};
  const auto events = random_events(random, 300, 5, 3, 50);
  const auto batches = random_cut(random, std::span{events});
  const auto watermarks = watermarks_of(batches, 30);
  const window_spec spec = window_spec::sliding(milliseconds(30), milliseconds(20));
  event_window_options options;
  options.allowed_lateness = milliseconds(20);
  fuse never;
  windows_under_test whole{spec, collect{&never}, seed_of_hashes, options};
  std::optional<windows_under_test> restored;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    if (i == batches.size() / 2) {
      restored.emplace(spec, collect{&never}, seed_of_hashes, options);
      restored->restore(whole.watermark());
      whole.for_each([&](int key, std::uint64_t hash, event_time pane, const collect::result& c) {
        restored->restore(key, hash, pane, c);
      });
      CHECK(dump(*restored) == dump(whole));
    }
    const batch_result expected = run_and_commit(whole, batches[i], watermarks[i], never, nullptr);
    if (restored) {
      const batch_result got = run_and_commit(*restored, batches[i], watermarks[i], never, nullptr);
      CHECK(got.emitted == expected.emitted);
      CHECK(got.late == expected.late);
    }
  }
}
