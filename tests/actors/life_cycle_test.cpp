#include "millrace/base/random.hpp"
#include "support/job_fixture.hpp"
#include "support/seed.hpp"
#include "support/tcp_server.hpp"

#include <atomic>
#include <limits>
#include <stdexcept>
#include <thread>

using namespace millrace;
using namespace millrace::test;

namespace {

/// Stores 0, 1, 2 ... until it is stopped; `at` is called in its thread with each number before it
/// is stored.
struct counter final : receiver<int> {
  counter(std::atomic<int>& stored, std::function<void(int)> at)
      : stored_{stored}, at_{std::move(at)} {}
  void on_start() override {
    run([this](std::stop_token stop) {
      while (!stop.stop_requested()) {
        at_(stored_);
        if (!store(stored_))
          return;
        if (++stored_ % 64 == 0)
          std::this_thread::sleep_for(std::chrono::microseconds(100));
      }
    });
  }
  void on_stop() override {}
  std::atomic<int>& stored_;
  std::function<void(int)> at_;
};

dstream<int> counter_of(
    actor_job& job, std::atomic<int>& stored, std::function<void(int)> at = [](int) {}) {
  return job.context->receiver_stream(
      [&stored, at] { return std::make_shared<counter>(stored, at); });
}

std::size_t sum_of(const collector<std::int64_t>& counts) {
  std::size_t sum = 0;
  for (auto n : records_of(counts))
    sum += static_cast<std::size_t>(n);
  return sum;
}

/// A function whose copies can be made to throw.
struct uncopyable_later {
  explicit uncopyable_later(std::shared_ptr<bool> broken) : broken_{std::move(broken)} {}
  uncopyable_later(const uncopyable_later& from) : broken_{from.broken_} {
    if (*broken_)
      throw std::runtime_error("this function has had enough of being copied");
  }
  int operator()(int x) const { return x; }
  std::shared_ptr<bool> broken_;
};

} // namespace

TEST_CASE("stop can be called from anywhere, and the job has then stopped") {
  enum class place { listener, output, map, receiver, input, empty_partition };
  for (auto mode : {stop_mode::graceful, stop_mode::immediate})
    for (auto from : {place::listener, place::output, place::map, place::receiver, place::input,
                      place::empty_partition}) {
      CAPTURE(static_cast<int>(from));
      CAPTURE(static_cast<int>(mode));
      actor_job job;
      std::atomic<int> stored = 0;
      std::atomic<bool> returned = false;
      auto stop = [&] {
        job.context->stop(mode);
        returned = true;
      };
      auto at = [&](place p, bool now) {
        if (p == from && now && !returned)
          stop();
      };
      collector<std::int64_t> counts;
      job.events->at_event = [&](const std::string& e) {
        at(place::listener, e.starts_with("batch completed"));
      };
      auto numbers = counter_of(job, stored, [&](int x) { at(place::receiver, x == 100); });
      numbers
          .map([&](int x) {
            at(place::map, x == 50);
            return x;
          })
          .count()
          .collect_into(counts);
      numbers.for_each_batch([&](const batch<int>& b) {
        at(place::output, true);
        CHECK(b.map([](int x) { return x / 2; }).distinct().size() <= b.size());
      });
      auto nothing = job.context->input_stream<int>([&](batch_time) {
        at(place::input, true);
        return std::optional{batch<int>{std::vector<int>{}, 1}};
      });
      nothing
          .map_partitions([&](std::vector<int>& records) {
            at(place::empty_partition, true);
            return records;
          })
          .for_each_batch([](const batch<int>&) {});
      job.context->start();
      CHECK_FALSE(job.wait_for_end());
      CHECK(returned);
      CHECK(job.context->state() == context_state::stopped);
      CHECK(job.log->count(log_level::warning, "Timed out") == 0);
      CHECK(job.log->count(log_level::error, "") == 0);
      if (mode == stop_mode::graceful)
        CHECK(sum_of(counts) == static_cast<std::size_t>(stored));
    }
}

TEST_CASE("a graceful stop at any moment processes everything that was received") {
  seeded_random random{seed()};
  for (int round = 0; round < 20; ++round) {
    actor_job job{quick_configuration().set("stream.max_block_bytes", 2000), milliseconds(5)};
    std::atomic<int> stored = 0;
    collector<int> out;
    collector<std::int64_t> counts;
    auto numbers = counter_of(job, stored);
    numbers.collect_into(out);
    numbers.count().collect_into(counts);
    job.context->start();
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(30'000)));
    job.stop_gracefully();
    CHECK(sum_of(counts) == static_cast<std::size_t>(stored));
    auto records = records_of(out);
    CHECK(records.size() == static_cast<std::size_t>(stored));
    CHECK(job.log->count(log_level::warning, "Timed out") == 0);
  }
}

TEST_CASE("an immediate stop abandons the batches that wait and waits for the function that runs") {
  actor_job job{quick_configuration(), seconds(1), {std::make_shared<manual_clock>(), nullptr}};
  std::atomic<int> entered = 0;
  std::atomic<int> left = 0;
  collector<int> out;
  test_input<int>(*job.context, {std::vector{1}, std::vector{2}, std::vector{3}})
      .map([&](int x) {
        ++entered;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        ++left;
        return x;
      })
      .collect_into(out);
  job.context->start();
  job.runtime->advance(seconds(3));
  CHECK(wait_until([&] { return entered > 0; }));
  job.context->stop();
  CHECK(entered == left);
  CHECK(entered < 3);
  CHECK(out.size() < 3);
  CHECK_FALSE(job.wait_for_end());
  int then = entered;
  job.runtime->advance(seconds(10));
  CHECK(entered == then);
  CHECK(job.log->count(log_level::error, "") == 0);
}

TEST_CASE("a second, immediate stop ends a graceful one") {
  actor_job job{quick_configuration(), seconds(1), {std::make_shared<manual_clock>(), nullptr}};
  std::atomic<bool> go_on = false;
  std::atomic<int> outputs = 0;
  test_input<int>(*job.context, {}).for_each_batch([&](const batch<int>&) {
    ++outputs;
    do
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    while (!go_on);
  });
  job.context->start();
  job.runtime->advance(seconds(2000));
  CHECK(wait_until([&] { return outputs == 1; }));
  job.context->request_stop(stop_mode::graceful);
  CHECK_FALSE(job.context->await_termination_for(milliseconds(30)));
  job.context->request_stop(stop_mode::immediate);
  go_on = true;
  CHECK_FALSE(job.wait_for_end());
  CHECK(outputs < 2000);
}

TEST_CASE("several contexts run at once, each with its own data and its own end") {
  constexpr int n = 4;
  std::vector<std::unique_ptr<actor_job>> jobs;
  std::vector<std::atomic<int>> stored(n);
  std::vector<std::unique_ptr<collector<std::int64_t>>> counts;
  for (int i = 0; i < n; ++i) {
    jobs.push_back(std::make_unique<actor_job>());
    counts.push_back(std::make_unique<collector<std::int64_t>>());
    counter_of(*jobs.back(), stored[static_cast<std::size_t>(i)])
        .count()
        .collect_into(*counts.back());
    jobs.back()->context->start();
  }
  for (int i = 0; i < n; ++i) {
    auto k = static_cast<std::size_t>(i);
    CHECK(wait_until([&] { return sum_of(*counts[k]) > 100; }));
    jobs[k]->stop_gracefully();
    CHECK(sum_of(*counts[k]) == static_cast<std::size_t>(stored[k]));
    for (auto later = k + 1; later < n; ++later)
      CHECK_FALSE(jobs[later]->context->await_termination_for(duration{0}));
  }
}

TEST_CASE("a context that fails to start leaves no thread and no descriptor behind") {
  auto threads = settled_thread_count();
  auto descriptors = descriptor_count();
  SUBCASE("a function that cannot be copied for its partitions") {
    auto broken = std::make_shared<bool>(false);
    actor_job job;
    std::atomic<int> stored = 0;
    counter_of(job, stored).map(uncopyable_later{broken}).for_each_batch([](const batch<int>&) {});
    *broken = true;
    CHECK_THROWS_WITH(job.context->start(), "this function has had enough of being copied");
    CHECK(job.context->state() == context_state::stopped);
    CHECK(stored == 0);
    CHECK(job.context->await_termination_for(duration{0}));
    job.context->stop();
  }
  SUBCASE("a receiver that cannot be made") {
    actor_job job{quick_configuration().set("stop.handle_signals", true)};
    job.context
        ->receiver_stream(
            []() -> std::shared_ptr<counter> { throw std::runtime_error("no such device"); })
        .for_each_batch([](const batch<int>&) {});
    CHECK_THROWS_WITH(job.context->start(), "no such device");
    CHECK(job.context->state() == context_state::stopped);
  }
  CHECK(back_to_threads(threads));
  CHECK(descriptor_count() == descriptors);
}

TEST_CASE("fifty contexts started and stopped, destroyed without a stop too, leave no thread and "
          "no descriptor") {
  std::vector<tcp_server::script> talk(100, [](tcp_peer& peer) {
    peer.send("a b\nc d\n");
    peer.wait_closed();
  });
  tcp_server server{std::move(talk)};
  auto cycle = [&](int round) {
    collector<std::string> out;
    actor_job job{quick_configuration().set("stop.handle_signals", round % 2 == 0),
                  milliseconds(2)};
    job.context->socket_text_stream("127.0.0.1", server.port()).collect_into(out);
    job.context->start();
    if (round % 5 != 0)
      CHECK(wait_until([&] { return records_of(out).size() == 2; }));
    if (round % 3 == 0)
      job.stop_gracefully();
    else if (round % 3 == 1)
      job.context->stop();
  };
  auto threads = settled_thread_count();
  cycle(0);
  // The first one may open what stays open for the process, such as the source of random seeds.
  CHECK(back_to_threads(threads));
  auto descriptors = descriptor_count();
  for (int round = 1; round <= 50; ++round)
    cycle(round);
  CHECK(back_to_threads(threads));
  CHECK(wait_until([&] { return descriptor_count() == descriptors; }));
}

TEST_CASE("an actor that dies unexpectedly ends the job with an error, not with a hang") {
  struct broken_metrics final : metric_observer {
    void add(std::string_view name, std::string_view, std::uint64_t) override {
      if (name == "records_received_total")
        throw std::runtime_error("the metric system is down");
    }
    void set(std::string_view, std::string_view, double) override {}
  };
  actor_job job;
  std::atomic<int> stored = 0;
  job.context->set_metrics(std::make_shared<broken_metrics>());
  counter_of(job, stored).for_each_batch([](const batch<int>&) {});
  job.context->start();
  auto message = job.wait_for_end();
  REQUIRE(message);
  CAPTURE(*message);
  CHECK(contains(*message, "an actor of the job died"));
  CHECK(contains(*message, "the metric system is down"));
}

TEST_CASE("a wait longer than any clock counts waits until the job stops") {
  for (auto limit :
       {duration{std::numeric_limits<std::int64_t>::max()}, duration{1'000'000'000'000'000}}) {
    actor_job job;
    std::atomic<int> stored = 0;
    counter_of(job, stored).for_each_batch([](const batch<int>&) {});
    job.context->start();
    std::atomic<bool> returned = false;
    std::jthread waiting{[&] {
      CHECK(job.context->await_termination_for(limit));
      returned = true;
    }};
    CHECK(wait_until([&] { return stored > 1000; }));
    CHECK_FALSE(returned);
    job.context->stop();
    waiting.join();
    CHECK(returned);
  }
}
