#include "runtime/error_of.hpp"
#include "runtime/files/file_job.hpp"

#include <string>

using namespace millrace;
using namespace millrace::test;

// Spark's BasicOperationsSuite on slice and on how long batches are remembered; a batch is 1 s.

namespace {

using longs = std::vector<std::int64_t>;

test_batches<std::int64_t> singles(std::int64_t n) {
  test_batches<std::int64_t> out;
  for (std::int64_t i = 1; i <= n; ++i)
    out.push_back(longs{i});
  return out;
}

/// All records of the batches in [from, to].
template <class T>
auto records_in(const dstream<T>& s, std::int64_t from, std::int64_t to) {
  std::vector<owned_t<T>> out;
  for (auto& records : s.slice(batch_time{from}, batch_time{to}))
    for (auto& record : records.collect())
      out.push_back(record);
  return out;
}

/// Whether there is a batch of exactly that time.
template <class T>
bool holds(const dstream<T>& s, std::int64_t time) {
  return !s.slice(batch_time{time}, batch_time{time}).empty();
}

} // namespace

TEST_CASE("slice") {
  on_all_engines([](engine& on) {
    file_job job{on};
    auto s = test_input(*job.context, singles(4));
    // Spark computes what it has not kept; here a stream says beforehand that it will be asked.
    s.remember(seconds(10));
    s.for_each_batch([](const auto&) {});
    job.context->start();
    job.run(seconds(4));
    CHECK(records_in(s, 0, 1000) == longs{1});
    CHECK(records_in(s, 0, 2000) == longs{1, 2});
    CHECK(records_in(s, 1000, 2000) == longs{1, 2});
    CHECK(records_in(s, 2000, 4000) == longs{2, 3, 4});
    CHECK(s.slice(interval{batch_time{2000}, batch_time{3000}}).size() == 2);
    // Bounds between two batches mean the earlier one.
    CHECK(records_in(s, 2500, 3999) == longs{2, 3});
    CHECK(records_in(s, 9000, 10000).empty());
    job.context->stop();
    CHECK(records_in(s, 0, 4000) == longs{1, 2, 3, 4});
  });
}

TEST_CASE("slice warns of bounds that are not times of the stream") {
  on_all_engines([](engine& on) {
    file_job job{on};
    auto s = test_input(*job.context, singles(4)).window(seconds(2), seconds(2));
    s.remember(seconds(10));
    s.for_each_batch([](const auto&) {});
    job.context->start();
    job.run(seconds(4));
    auto warnings = [&](const char* about) { return job.log->count(log_level::warning, about); };
    CHECK(records_in(s, 2000, 4000) == longs{1, 2, 3, 4});
    CHECK(warnings("slice of") == 0);
    CHECK(records_in(s, 3000, 5999) == longs{1, 2, 3, 4});
    CHECK(warnings("slice of window at slice_test.cpp:") == 2);
    CHECK(warnings("the begin of 3000 ms is not one of its times, which are 2000 ms apart; taken "
                   "down to 2000 ms") == 1);
    CHECK(warnings("the end of 5999 ms is not one of its times, which are 2000 ms apart; taken "
                   "down to 4000 ms") == 1);
    job.context->stop();
  });
}

TEST_CASE("slice - has not been initialized, or is of a stream that is not kept") {
  on_all_engines([](engine& on) {
    file_job job{on};
    auto s = test_input(*job.context, singles(2));
    auto other = s.map([](std::int64_t x) { return x; });
    other.for_each_batch([](const auto&) {});
    s.persist();
    auto e = error_of([&] { s.slice(batch_time{0}, batch_time{1000}); });
    CHECK(e.code == errc::illegal_state);
    CHECK(has(e.message, "has not been initialized"));
    CHECK(has(e.message, "input_stream at slice_test.cpp:"));
    job.context->start();
    CHECK(s.slice(batch_time{0}, batch_time{1000}).empty());
    e = error_of([&] { other.slice(batch_time{0}, batch_time{1000}); });
    CHECK(e.code == errc::illegal_state);
    CHECK(has(e.message, "map at slice_test.cpp:"));
    CHECK(has(e.message, "remember(d) or persist()"));
    job.context->stop();
  });
}

TEST_CASE("slice gives the partitions, and text that it owns") {
  on_all_engines([](engine& on) {
    file_job job{on};
    auto feed = std::make_shared<batch_feed<std::string_view>>();
    feed->push(batch<std::string_view>{std::vector<std::string_view>{"a", "b", "c"}, 2});
    auto s = job.context->queue_stream(feed);
    s.remember(seconds(5));
    s.for_each_batch([](const auto&) {});
    job.context->start();
    job.run();
    job.context->stop();
    auto found = s.slice(batch_time{1000}, batch_time{1000});
    REQUIRE(found.size() == 1);
    CHECK(found[0].partitions() == 2);
    CHECK(found[0].collect() == std::vector<std::string>{"a", "b", "c"});
    CHECK(found[0].map([](const std::string& t) { return t + t; }).collect() ==
          std::vector<std::string>{"aa", "bb", "cc"});
  });
}

TEST_CASE("a batch that a stream does not have is not in its slice") {
  on_all_engines([](engine& on) {
    file_job job{on};
    auto input = singles(3);
    input[1] = std::nullopt;
    auto s = test_input(*job.context, input);
    s.remember(seconds(10));
    s.for_each_batch([](const auto&) {});
    job.context->start();
    job.run(seconds(3));
    job.context->stop();
    CHECK(s.slice(batch_time{0}, batch_time{3000}).size() == 2);
    CHECK(records_in(s, 0, 3000) == longs{1, 3});
  });
}

// Spark's name for it: rdd cleanup.
TEST_CASE("cleanup - map and window: parents are remembered for their windows") {
  on_all_engines([](engine& on) {
    file_job job{on};
    job.context->remember(seconds(3));
    auto mapped = test_input(*job.context, singles(10)).map([](std::int64_t x) { return x; });
    mapped.persist();
    auto first = mapped.window(seconds(2), seconds(1));
    first.remember(seconds(1));
    auto second = first.window(seconds(4), seconds(2));
    second.remember(seconds(1));
    second.for_each_batch([](const auto&) {});
    job.context->start();
    CHECK(second.remember_duration() == seconds(3));
    CHECK(first.remember_duration() == seconds(3 + 4));
    CHECK(mapped.remember_duration() == seconds(3 + 4 + 2));
    job.run(seconds(10));
    CHECK(holds(second, 10000));
    CHECK(holds(second, 8000));
    CHECK_FALSE(holds(second, 6000));
    CHECK(holds(first, 10000));
    CHECK(holds(first, 4000));
    CHECK_FALSE(holds(first, 3000));
    CHECK(holds(mapped, 10000));
    CHECK(holds(mapped, 2000));
    CHECK_FALSE(holds(mapped, 1000));
    CHECK(records_in(second, 10000, 10000).size() == 8);
    job.context->stop();
  });
}

TEST_CASE("cleanup - update_state_by_key: states are remembered for two checkpoints") {
  on_all_engines([](engine& on) {
    file_job job{on};
    auto states = test_input(*job.context, singles(10))
                      .map([](std::int64_t x) {
                        return std::pair{std::string{"sum"}, x};
                      })
                      .update_state_by_key<std::int64_t>(
                          [](const longs& values, std::optional<std::int64_t> old) {
                            auto sum = old.value_or(0);
                            for (auto v : values)
                              sum += v;
                            return std::optional{sum};
                          });
    states.checkpoint(seconds(3)).persist();
    states.for_each_batch([](const auto&) {});
    job.context->start();
    CHECK(states.remember_duration() == seconds(6));
    job.run(seconds(10));
    CHECK(holds(states, 10000));
    CHECK(holds(states, 5000));
    CHECK_FALSE(holds(states, 4000));
    CHECK(records_in(states, 10000, 10000).at(0).second == 55);
    job.context->stop();
  });
}

TEST_CASE("what is kept without a word is one slide") {
  on_all_engines([](engine& on) {
    file_job job{on};
    auto s = test_input(*job.context, singles(5));
    s.cache();
    s.for_each_batch([](const auto&) {});
    job.context->start();
    CHECK(s.remember_duration() == seconds(1));
    job.run(seconds(5));
    job.context->stop();
    CHECK(records_in(s, 0, 5000) == longs{5});
  });
}

TEST_CASE("remember: the longest counts; not for ever, not after the start, the context once") {
  on_all_engines([](engine& on) {
    file_job job{on};
    auto s = test_input(*job.context, singles(2));
    s.remember(seconds(5)).remember(seconds(2));
    auto e = error_of([&] { s.remember(seconds(0)); });
    CHECK(e.code == errc::invalid_argument);
    CHECK(has(e.message, "remember at slice_test.cpp:"));
    job.context->remember(seconds(3));
    e = error_of([&] { job.context->remember(seconds(4)); });
    CHECK(e.code == errc::illegal_state);
    CHECK(has(e.message, "Remember duration already set as 3000 ms. Cannot set it again."));
    s.for_each_batch([](const auto&) {});
    job.context->start();
    CHECK(s.remember_duration() == seconds(5));
    e = error_of([&] { s.remember(seconds(9)); });
    CHECK(e.code == errc::illegal_state);
    CHECK(has(e.message, "after streaming context has started"));
    CHECK(has(e.message, "remember at slice_test.cpp:"));
    job.context->stop();
  });
}

TEST_CASE("the context's remember must be positive") {
  on_all_engines([](engine& on) {
    file_job job{on};
    auto e = error_of([&] { job.context->remember(seconds(0)); });
    CHECK(e.code == errc::invalid_argument);
    CHECK(has(e.message, "must be positive"));
  });
}
