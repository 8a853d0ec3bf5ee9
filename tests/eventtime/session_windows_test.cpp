#include "eventtime/event_harness.hpp"
#include "millrace/eventtime/session_windows.hpp"
#include "support/seed.hpp"

#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

using namespace millrace;
using namespace millrace::test;

namespace {

using windows_under_test = session_windows<int, collect::result, collect>;
using emissions = std::vector<emission>;

struct one_key {
  fuse never;
  windows_under_test windows;

  explicit one_key(std::int64_t gap, event_window_options options = {})
      : windows{window_spec::session(milliseconds(gap)), collect{&never}, seed_of_hashes, options} {
  }

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

event_window_options lateness(std::int64_t ms) {
  event_window_options options;
  options.allowed_lateness = milliseconds(ms);
  return options;
}

/// Sessions as windows that are merged where they overlap, with all of them looked at each time.
class naive_sessions {
public:
  naive_sessions(std::int64_t gap, std::int64_t lateness) : gap_{gap}, lateness_{lateness} {}

  batch_result run(const std::vector<event>& batch, event_time watermark) {
    batch_result result;
    for (const event& each : batch)
      if (!add(each))
        result.late.push_back(each.number);
    std::vector<session> kept;
    for (session& each : all_) {
      const event_window window{at(each.start), at(each.end)};
      if (window.end <= watermark && (window.end > watermark_ || each.touched))
        result.emitted.push_back({window, each.key, each.values});
      each.touched = false;
      if (!closed(each.end, watermark))
        kept.push_back(each);
    }
    all_ = kept;
    watermark_ = watermark;
    return result;
  }

private:
  struct session {
    int key;
    std::int64_t start;
    std::int64_t end;
    std::vector<int> values;
    bool touched;
  };

  bool closed(std::int64_t end, event_time watermark) const {
    return watermark != earliest_event_time && end + lateness_ <= watermark.ms();
  }

  bool add(const event& record) {
    session merged{record.key, record.time, record.time + gap_, {record.number}, true};
    std::vector<session> joined;
    std::vector<session> rest;
    for (const session& each : all_)
      (each.key == record.key && each.start < merged.end && merged.start < each.end ? joined : rest)
          .push_back(each);
    std::sort(joined.begin(), joined.end(),
              [](const session& a, const session& b) { return a.start < b.start; });
    for (const session& each : joined) {
      merged.start = std::min(merged.start, each.start);
      merged.end = std::max(merged.end, each.end);
    }
    if (closed(merged.end, watermark_))
      return false;
    if (!joined.empty()) {
      merged.values = joined[0].values;
      merged.values.push_back(record.number);
      for (std::size_t i = 1; i < joined.size(); ++i)
        merged.values.insert(merged.values.end(), joined[i].values.begin(), joined[i].values.end());
    }
    all_ = rest;
    all_.push_back(merged);
    return true;
  }

  std::int64_t gap_;
  std::int64_t lateness_;
  event_time watermark_ = earliest_event_time;
  std::vector<session> all_;
};

/// All sessions of a stream of which nothing is late, from its records in order of time. The
/// values are in order of their numbers.
emissions sessions_of(std::vector<event> events, std::int64_t gap) {
  std::stable_sort(events.begin(), events.end(), [](const event& a, const event& b) {
    return std::tie(a.key, a.time) < std::tie(b.key, b.time);
  });
  emissions all;
  for (const event& each : events) {
    if (all.empty() || all.back().key != each.key || all.back().window.end <= at(each.time))
      all.push_back({{at(each.time), at(each.time)}, each.key, {}});
    all.back().window.end = at(each.time + gap);
    all.back().values.push_back(each.number);
  }
  return all;
}

emissions with_sorted_values(emissions all) {
  for (emission& each : all)
    std::sort(each.values.begin(), each.values.end());
  return sorted(std::move(all));
}

} // namespace

TEST_CASE("a session lasts until the gap after its last record") {
  one_key test{10};
  CHECK(test.run({{0, 1}, {9, 2}, {-30, 3}}, 5).emitted == emissions{fired(-30, -20, {3})});
  CHECK(test.run({{18, 4}}, 27).emitted.empty());
  CHECK(test.run({}, 28).emitted == emissions{fired(0, 28, {1, 2, 4})});
  CHECK(test.windows.size() == 0);
}

TEST_CASE("a record exactly the gap after another begins a new session") {
  one_key test{10};
  test.run({{0, 1}, {10, 2}, {-10, 3}}, -10);
  CHECK(test.windows.size() == 3);
  CHECK(test.run({}, 100).emitted ==
        emissions{fired(-10, 0, {3}), fired(0, 10, {1}), fired(10, 20, {2})});
}

TEST_CASE("a record between two sessions makes them one, merged in order of time") {
  one_key test{10};
  test.run({{18, 1}, {0, 2}, {19, 3}}, -5);
  CHECK(test.windows.size() == 2);
  CHECK(test.run({{9, 4}}, -5).emitted.empty());
  CHECK(test.windows.size() == 1);
  CHECK(test.run({}, 29).emitted == emissions{fired(0, 29, {2, 4, 1, 3})});
}

TEST_CASE("equal sessions come out in the order in which their keys came, joined or not") {
  fuse never;
  windows_under_test windows{window_spec::session(milliseconds(10)), collect{&never},
                             seed_of_hashes};
  const std::vector<event> batch{{1, 18, 0}, {2, 0, 1}, {2, 18, 2}, {1, 0, 3},  {2, 9, 4},
                                 {1, 9, 5},  {3, 0, 6}, {3, 9, 7},  {3, 18, 8}, {0, 0, 9}};
  const auto fired = run_batch(windows, batch, at(100), never).emitted;
  REQUIRE(fired.size() == 4);
  CHECK(fired[0].key == 0);
  CHECK(fired[1] == emission{{at(0), at(28)}, 1, {3, 5, 0}});
  CHECK(fired[2] == emission{{at(0), at(28)}, 2, {1, 4, 2}});
  CHECK(fired[3] == emission{{at(0), at(28)}, 3, {6, 7, 8}});
}

TEST_CASE("a record before a session extends it backwards") {
  one_key test{10};
  test.run({{5, 1}, {-4, 2}, {-15, 3}}, -20);
  CHECK(test.run({}, 20).emitted == emissions{fired(-15, -5, {3}), fired(-4, 15, {1, 2})});
}

TEST_CASE("a session that goes on is looked at again when the watermark reaches its new end") {
  one_key test{10};
  for (std::int64_t t = 0; t < 200; t += 5)
    CHECK(test.run({{t, int(t)}}, t - 2).emitted.empty());
  CHECK(test.run({}, 205).emitted.size() == 1);
  CHECK(test.windows.size() == 0);
}

TEST_CASE("late records change a fired session within the allowed lateness") {
  one_key test{10, lateness(20)};
  CHECK(test.run({{0, 1}}, 10).emitted == emissions{fired(0, 10, {1})});
  CHECK(test.run({{-3, 2}}, 12).emitted == emissions{fired(-3, 10, {1, 2})});
  CHECK(test.run({{8, 3}}, 14).emitted.empty());
  CHECK(test.run({{-8, 4}}, 14).emitted.empty());
  CHECK(test.run({}, 18).emitted == emissions{fired(-8, 18, {1, 2, 3, 4})});
  CHECK(test.run({}, 37).emitted.empty());
  CHECK(test.windows.size() == 1);
  CHECK(test.run({}, 38).emitted.empty());
  CHECK(test.windows.size() == 0);
  CHECK(test.run({{8, 5}}, 38).late == std::vector{5});
}

TEST_CASE("a record joins two fired sessions into one and their results are replaced") {
  one_key test{10, lateness(100)};
  CHECK(test.run({{0, 1}, {15, 2}}, 30).emitted ==
        emissions{fired(0, 10, {1}), fired(15, 25, {2})});
  CHECK(test.run({{7, 3}}, 30).emitted == emissions{fired(0, 25, {1, 3, 2})});
  CHECK(test.windows.size() == 1);
}

TEST_CASE("what comes after its session is closed begins a new one unless it is late itself") {
  one_key test{10};
  test.run({{0, 1}}, 10);
  CHECK(test.run({{0, 2}}, 10).late == std::vector{2});
  CHECK(test.run({{5, 3}}, 10).late.empty());
  CHECK(test.run({}, 15).emitted == emissions{fired(5, 15, {3})});
}

TEST_CASE("with random streams, cuts and exceptions the sessions do what a naive model does") {
  std::mt19937_64 random{test::seed()};
  for (int round = 0; round < 300; ++round) {
    const auto gap = static_cast<std::int64_t>(1 + random() % 40);
    const auto disorder = static_cast<std::int64_t>(random() % 120);
    const auto bound = static_cast<std::int64_t>(random() % 120);
    const auto late = random() % 2 == 0 ? 0 : static_cast<std::int64_t>(random() % 200);
    const auto events = random_events(random, 300, 1 + static_cast<int>(random() % 8),
                                      1 + static_cast<std::int64_t>(random() % 8), disorder);
    event_batches batches = random_cut(random, events);
    auto watermarks = watermarks_of(batches, bound);
    batches.emplace_back();
    watermarks.push_back(watermarks.back() + milliseconds(100'000));
    fuse watched;
    windows_under_test windows{window_spec::session(milliseconds(gap)), collect{&watched},
                               seed_of_hashes, lateness(late)};
    naive_sessions naive{gap, late};
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

TEST_CASE("without late records sessions are the gaps of the sorted stream, however it is cut") {
  std::mt19937_64 random{test::seed() + 1};
  for (int round = 0; round < 100; ++round) {
    const auto gap = static_cast<std::int64_t>(1 + random() % 40);
    const auto disorder = static_cast<std::int64_t>(random() % 120);
    const auto events = random_events(random, 400, 1 + static_cast<int>(random() % 9), 5, disorder);
    std::vector<emissions> runs;
    for (int cut = 0; cut < 3; ++cut) {
      event_batches batches =
          cut == 0 ? event_batches{events} : random_cut(random, std::span{events});
      auto watermarks = watermarks_of(batches, disorder);
      batches.emplace_back();
      watermarks.push_back(at(1'000'000));
      fuse never;
      windows_under_test windows{window_spec::session(milliseconds(gap)), collect{&never},
                                 seed_of_hashes};
      const auto results = run_all(windows, batches, watermarks, never);
      for (const auto& each : results)
        CHECK(each.late.empty());
      runs.push_back(all_emitted(results));
    }
    CHECK(runs[0] == runs[1]);
    CHECK(runs[0] == runs[2]);
    CHECK(with_sorted_values(runs[0]) == with_sorted_values(sessions_of(events, gap)));
  }
}

TEST_CASE("at the bound of open sessions the error names the option") {
  event_window_options options;
  options.max_open_windows = 2;
  one_key test{10, options};
  test.run({{0, 1}, {20, 2}}, 0);
  CHECK_THROWS_AS(test.run({{40, 3}}, 0), stream_error);
  test.windows.rollback();
  try {
    test.run({{9, 3}, {15, 4}, {40, 5}, {60, 6}}, 0);
    FAIL("a third session was opened");
  } catch (const stream_error& e) {
    CHECK(e.code() == errc::limit_exceeded);
    CHECK(std::string(e.what()).find("max_open_windows") != std::string::npos);
  }
  test.windows.rollback();
  CHECK(test.windows.size() == 2);
  CHECK(test.run({{9, 3}, {15, 4}, {40, 5}}, 0).late.empty());
  CHECK(test.windows.size() == 2);
}

TEST_CASE("other kinds of windows and bad options are refused") {
  fuse never;
  CHECK_THROWS_AS(
      windows_under_test(window_spec::tumbling(seconds(1)), collect{&never}, seed_of_hashes),
      stream_error);
  CHECK_THROWS_AS(one_key(10, lateness(-1)), stream_error);
}

TEST_CASE("event times near the limits of 64 bits do no harm") {
  one_key test{1'000};
  const std::int64_t first = std::numeric_limits<std::int64_t>::min();
  const std::int64_t last = std::numeric_limits<std::int64_t>::max();
  CHECK(test.run({{last, 1}, {first, 2}, {0, 3}, {last - 2'000, 4}, {first + 999, 5}}, first)
            .late.empty());
  CHECK(test.windows.size() == 4);
  CHECK(test.run({}, 2'000).emitted ==
        emissions{fired(first, first + 1'999, {2, 5}), fired(0, 1'000, {3})});
  CHECK(test.run({{last - 3, 6}}, last).emitted ==
        emissions{fired(last - 2'000, last - 1'000, {4})});
  CHECK(test.run({}, last).emitted.empty());
}

TEST_CASE("text keys are kept when their text is gone, and forgotten with their last session") {
  fuse never;
  session_windows<std::string_view, collect::result, collect> windows{
      window_spec::session(milliseconds(10)), collect{&never}, seed_of_hashes};
  static_assert(std::is_same_v<decltype(windows)::key_type, std::string>);
  std::string text = "a key with sixteen+ characters";
  const std::string_view key = text;
  const std::uint64_t hash = key_hash<std::string_view>{}(key, seed_of_hashes);
  windows.begin(at(0));
  CHECK(windows.add(key, hash, at(1), 1) == arrival::kept);
  windows.fire([](const auto&...) {});
  windows.commit();
  windows.begin(at(30));
  CHECK(windows.add(key, hash, at(5), 2) == arrival::kept);
  text.assign(text.size(), '#');
  std::vector<std::string> keys;
  windows.fire([&](const std::string& of, event_window, const collect::result& values) {
    keys.push_back(of);
    CHECK(values == collect::result{1, 2});
  });
  CHECK(keys == std::vector<std::string>{"a key with sixteen+ characters"});
  windows.commit();
  CHECK(windows.size() == 0);
}

TEST_CASE("what for_each tells restores the sessions") {
  std::mt19937_64 random{test::seed() + 2};
  const auto events = random_events(random, 300, 5, 3, 50);
  const auto batches = random_cut(random, std::span{events});
  const auto watermarks = watermarks_of(batches, 30);
  const auto spec = window_spec::session(milliseconds(20));
  fuse never;
  windows_under_test whole{spec, collect{&never}, seed_of_hashes, lateness(25)};
  std::optional<windows_under_test> restored;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    if (i == batches.size() / 2) {
      restored.emplace(spec, collect{&never}, seed_of_hashes, lateness(25));
      restored->restore(whole.watermark());
      whole.for_each(
          [&](int key, std::uint64_t hash, event_time first, event_time last,
              const collect::result& c) { restored->restore(key, hash, first, last, c); });
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
