#include "millrace/engine/batch_progress.hpp"

#include <doctest/doctest.h>

using namespace millrace;

namespace {

allocated_batch_ptr at(std::int64_t time) {
  auto b = std::make_shared<allocated_batch>();
  b->time = batch_time{time};
  b->inputs.push_back({stream_id{0}, 5, 50, "input"});
  return b;
}

batch_progress::options one_at_a_time(failure_policy policy = failure_policy::stop) {
  batch_progress::options o;
  o.queue = {1, 2};
  o.on_failure = policy;
  o.batch_interval = seconds(1);
  return o;
}

} // namespace

TEST_CASE("a batch runs at once or when its predecessor is done, and its times are kept") {
  batch_progress progress{one_at_a_time()};
  CHECK(progress.idle());
  CHECK(progress.submit(at(1000), batch_time{1001}).value()->time == batch_time{1000});
  CHECK_FALSE(progress.submit(at(2000), batch_time{2002}).value());
  CHECK(progress.in_flight() == 1);
  CHECK(progress.waiting() == 1);
  CHECK(progress.info(batch_time{1000}).processing_started == batch_time{1001});
  CHECK(progress.info(batch_time{1000}).scheduling_delay() == duration{1});
  CHECK_FALSE(progress.info(batch_time{1000}).total_delay());
  CHECK_FALSE(progress.info(batch_time{2000}).processing_started);
  CHECK(progress.submitted(batch_time{1000}).submitted == batch_time{1001});
  CHECK_FALSE(progress.submitted(batch_time{1000}).scheduling_delay());
  auto done = progress.finish(batch_time{1000}, {}, std::nullopt, batch_time{2500}).value();
  REQUIRE(done.next);
  CHECK(done.next->time == batch_time{2000});
  CHECK(done.info.records() == 5);
  CHECK(done.info.scheduling_delay() == duration{1});
  CHECK(done.info.processing_delay() == duration{1499});
  CHECK_FALSE(done.stop_because);
  CHECK_FALSE(done.skipped);
  CHECK_FALSE(done.info.failure);
  auto last = progress.finish(batch_time{2000}, {}, std::nullopt, batch_time{2600}).value();
  CHECK_FALSE(last.next);
  CHECK(last.info.scheduling_delay() == duration{500});
  CHECK(last.info.total_delay() == duration{600});
  CHECK(progress.idle());
}

TEST_CASE("a failed batch stops the job or is skipped, as the policy says") {
  error wrong{errc::user_function_failed, "wrong"};
  batch_progress stopping{one_at_a_time()};
  CHECK(stopping.submit(at(1000), batch_time{1000}));
  CHECK(stopping.on_failure() == failure_policy::stop);
  auto stopped = stopping
                     .finish(batch_time{1000}, {}, batch_failure{wrong, failure_policy::stop},
                             batch_time{1000})
                     .value();
  REQUIRE(stopped.stop_because);
  CHECK(stopped.stop_because->message == "wrong");
  CHECK_FALSE(stopped.skipped);
  CHECK(stopped.info.failure == "wrong");
  batch_progress skipping{one_at_a_time(failure_policy::skip)};
  CHECK(skipping.submit(at(1000), batch_time{1000}));
  CHECK_FALSE(skipping.submit(at(2000), batch_time{2000}).value());
  CHECK(skipping.on_failure() == failure_policy::skip);
  auto skipped = skipping
                     .finish(batch_time{1000}, {}, batch_failure{wrong, failure_policy::skip},
                             batch_time{2000})
                     .value();
  CHECK_FALSE(skipped.stop_because);
  CHECK(skipped.skipped->message == "wrong");
  CHECK(skipped.next->time == batch_time{2000});
}

TEST_CASE("lateness is told when it begins and when it is over") {
  using enum delay_notice::kind;
  batch_progress progress{one_at_a_time()};
  auto late = [&](std::int64_t time, std::int64_t ended) {
    CHECK(progress.submit(at(time), batch_time{ended}));
    return progress.finish(batch_time{time}, {}, std::nullopt, batch_time{ended}).value().late;
  };
  CHECK_FALSE(late(1000, 1500));
  CHECK(late(2000, 4000) == delay_notice{begins, duration{2000}, duration{0}});
  CHECK_FALSE(late(3000, 6000));
  CHECK(late(6000, 6400) == delay_notice{over, duration{400}, duration{2400}});
  CHECK(late(7000, 9000) == delay_notice{begins, duration{2000}, duration{0}});
}

TEST_CASE("a batch that does not end is told of, once") {
  batch_progress progress{one_at_a_time()};
  CHECK_FALSE(progress.overdue(batch_time{9000}));
  CHECK(progress.submit(at(1000), batch_time{1000}));
  CHECK_FALSE(progress.overdue(batch_time{1900}));
  CHECK(progress.overdue(batch_time{3000})->delay == duration{2000});
  CHECK_FALSE(progress.overdue(batch_time{4000}));
}

TEST_CASE("finishing a batch that is not running is an error") {
  batch_progress progress{one_at_a_time()};
  CHECK_FALSE(progress.finish(batch_time{1000}, {}, std::nullopt, batch_time{1000}));
  CHECK(progress.submit(at(1000), batch_time{1000}));
  CHECK(progress.submit(at(2000), batch_time{2000}));
  CHECK_FALSE(progress.finish(batch_time{2000}, {}, std::nullopt, batch_time{2000}));
  CHECK(progress.in_flight() == 1);
  CHECK(progress.waiting() == 1);
}

TEST_CASE("beyond the bound a batch is refused and leaves nothing behind") {
  batch_progress progress{one_at_a_time()};
  for (std::int64_t t : {1000, 2000, 3000})
    CHECK(progress.submit(at(t), batch_time{t}));
  CHECK_FALSE(progress.submit(at(4000), batch_time{4000}));
  CHECK(progress.waiting() == 2);
  CHECK(progress.info(batch_time{4000}).inputs.empty());
}

TEST_CASE("the policy is parsed with a helpful error") {
  CHECK(parse_failure_policy("stop").value() == failure_policy::stop);
  CHECK(parse_failure_policy("skip").value() == failure_policy::skip);
  CHECK(parse_failure_policy("ignore").error().message.find("allowed are stop and skip") !=
        std::string::npos);
}
