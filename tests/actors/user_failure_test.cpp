#include "support/job_fixture.hpp"

#include <atomic>
#include <map>
#include <stdexcept>
#include <string>

using namespace millrace;
using namespace millrace::test;

namespace {

using ints = std::vector<int>;

/// Batches 1, 2, 3 ... of consecutive numbers, four each, in two partitions, up to `n` batches;
/// then empty ones.
dstream<int> numbers(basic_stream_context& context, int n) {
  test_batches<int> input;
  for (int b = 0; b < n; ++b)
    input.emplace_back(ints{4 * b, 4 * b + 1, 4 * b + 2, 4 * b + 3});
  return test_input<int>(context, std::move(input));
}

/// A job whose clock is moved by hand, with batches of one second.
struct manual_job : actor_job {
  explicit manual_job(configuration conf = quick_configuration())
      : actor_job{std::move(conf), seconds(1), {std::make_shared<manual_clock>(), nullptr}} {}
};

} // namespace

TEST_CASE("a function that throws is tried again, then its batch fails with operator and place, "
          "and the job stops") {
  manual_job job{quick_configuration().set("stream.task_max_failures", 3)};
  std::atomic<int> calls = 0;
  collector<int> out;
  auto line = std::to_string(__LINE__ + 2);
  numbers(*job.context, 10)
      .map([&](int x) {
        if (x == 9) {
          ++calls;
          throw std::runtime_error("no nines");
        }
        return x;
      })
      .name("refuses nine")
      .collect_into(out);
  job.context->start();
  job.runtime->advance(seconds(10));
  auto message = job.wait_for_end();
  REQUIRE(message);
  CAPTURE(*message);
  CHECK(contains(*message, "map \"refuses nine\" at user_failure_test.cpp:" + line));
  CHECK(contains(*message, "threw: no nines"));
  CHECK(contains(*message, "3 attempts"));
  CHECK(calls == 3);
  CHECK(records_of(out) == ints{0, 1, 2, 3, 4, 5, 6, 7});
  CHECK(job.log->count(log_level::error, "no nines") == 1);
}

TEST_CASE("something that is not a std::exception is told as such") {
  manual_job job;
  collector<int> out;
  numbers(*job.context, 1).filter([](const int&) -> bool { throw 42; }).collect_into(out);
  job.context->start();
  job.runtime->advance(seconds(1));
  auto message = job.wait_for_end();
  REQUIRE(message);
  CHECK(contains(*message, "the function given to filter at user_failure_test.cpp:"));
  CHECK(contains(*message, "something that is not a std::exception"));
}

TEST_CASE("a function that fails once and then succeeds loses nothing and doubles nothing") {
  manual_job job;
  std::atomic<int> failures = 0;
  std::atomic<int> output_failures = 0;
  std::atomic<bool> broken = true;
  collector<std::pair<int, std::int64_t>> out;
  std::vector<std::size_t> sizes;
  auto counted = numbers(*job.context, 20)
                     .map([&](int x) {
                       if (x % 8 == 5 && broken.exchange(false)) {
                         ++failures;
                         throw std::runtime_error("once");
                       }
                       broken = broken || x % 8 == 6;
                       return std::pair{x % 3, std::int64_t{1}};
                     })
                     .reduce_by_key(std::plus{}, 3);
  counted.collect_into(out);
  counted.for_each_batch([&, before = std::size_t{0}](const auto& b) mutable {
    if (++before % 2 == 1) {
      ++output_failures;
      throw std::runtime_error("output, once");
    }
    sizes.push_back(b.size());
  });
  job.context->start();
  job.runtime->advance(seconds(20));
  CHECK(wait_until([&] { return job.events->events("batch completed").size() == 20; }));
  job.context->stop();
  CHECK_FALSE(job.wait_for_end());
  CHECK(failures > 0);
  CHECK(output_failures == 20);
  CHECK(sizes == std::vector<std::size_t>(20, 3));
  std::map<int, std::int64_t> sums;
  for (auto& [k, n] : records_of(out))
    sums[k] += n;
  CHECK(sums == std::map<int, std::int64_t>{{0, 27}, {1, 27}, {2, 26}});
}

TEST_CASE("skip: the failed batch has no output, is logged and counted, and all others are there") {
  manual_job job{quick_configuration()
                     .set("stream.on_batch_failure", "skip")
                     .set("stream.task_max_failures", 2)};
  collector<int> out;
  collector<std::int64_t> sums;
  auto mapped = numbers(*job.context, 8).map([](int x) {
    if (x == 6 || x == 21)
      throw std::runtime_error("bad record");
    return x;
  });
  mapped.collect_into(out);
  mapped.map([](int x) { return std::int64_t{x}; })
      .reduce(std::plus<std::int64_t>{})
      .collect_into(sums);
  job.context->start();
  job.runtime->advance(seconds(8));
  CHECK(wait_until([&] { return job.events->completed().size() == 8; }));
  job.context->stop();
  CHECK_FALSE(job.wait_for_end());
  CHECK(out.times() == std::vector{batch_time{1000}, batch_time{3000}, batch_time{4000},
                                   batch_time{5000}, batch_time{7000}, batch_time{8000}});
  CHECK(records_of(sums) == std::vector<std::int64_t>{6, 38, 54, 70, 102, 118});
  CHECK(job.log->count(log_level::error, "is skipped") == 2);
  CHECK(job.metrics->counter("batches_failed_total") == 2);
  CHECK(job.metrics->counter("batches_completed_total") == 6);
  auto done = job.events->completed();
  CHECK(done[1].failure);
  CHECK_FALSE(done[2].failure);
}

TEST_CASE("no output of a later batch runs after the one that stops the job") {
  for (int round = 0; round < 10; ++round) {
    manual_job job{quick_configuration()
                       .set("stream.batches_in_flight", 4)
                       .set("stream.task_max_failures", 1)};
    std::vector<std::int64_t> seen;
    numbers(*job.context, 10).for_each_batch([&](const batch<int>&, batch_time t) {
      seen.push_back(t.ms());
      if (t == batch_time{4000})
        throw std::runtime_error("fourth");
    });
    job.context->start();
    job.runtime->advance(seconds(10));
    auto message = job.wait_for_end();
    REQUIRE(message);
    CHECK(contains(*message, "for_each_batch at user_failure_test.cpp:"));
    CHECK(seen == std::vector<std::int64_t>{1000, 2000, 3000, 4000});
  }
}

TEST_CASE("an input function that throws fails its batch in its turn: the batches before it are "
          "complete") {
  for (int round = 0; round < 10; ++round) {
    manual_job job{quick_configuration().set("stream.batches_in_flight", 3)};
    collector<int> out;
    job.context
        ->input_stream<int>([](batch_time t) -> std::optional<batch<int>> {
          if (t == batch_time{6000})
            throw std::runtime_error("sixth");
          return batch<int>{ints{static_cast<int>(t.ms())}, 1};
        })
        .repartition(3)
        .collect_into(out);
    job.context->start();
    job.runtime->advance(seconds(20));
    auto message = job.wait_for_end();
    REQUIRE(message);
    CHECK(contains(*message, "input_stream at user_failure_test.cpp:"));
    CHECK(contains(*message, "sixth"));
    CHECK(records_of(out) == ints{1000, 2000, 3000, 4000, 5000});
  }
}

TEST_CASE("empty batches, more partitions than records, and two outputs of one stream") {
  manual_job job;
  collector<int> all;
  collector<std::int64_t> counts;
  auto spread = test_input<int>(*job.context, test_batches<int>{ints{7}, ints{}, ints{1, 2, 3}}, 16)
                    .repartition(9);
  spread.collect_into(all);
  spread.count().collect_into(counts);
  job.context->start();
  job.runtime->advance(seconds(4));
  CHECK(wait_until([&] { return counts.size() == 4; }));
  job.context->stop();
  for (auto& parts : all.partitions())
    CHECK(parts.size() == 9);
  CHECK(as_sets(all.batches()) == std::vector<std::multiset<int>>{{7}, {}, {1, 2, 3}, {}});
  CHECK(records_of(counts) == std::vector<std::int64_t>{1, 0, 3, 0});
}
