#include "support/job_fixture.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <string>
#include <thread>

using namespace millrace;
using namespace millrace::test;

namespace {

/// Stores 0, 1, 2 ... as fast as it may.
struct flood final : receiver<int> {
  flood(std::atomic<int>& stored, int total) : stored_{stored}, total_{total} {}
  void on_start() override {
    run([this](std::stop_token stop) {
      while (!stop.stop_requested() && stored_ < total_ && store(stored_))
        ++stored_;
    });
  }
  void on_stop() override {}
  std::atomic<int>& stored_;
  int total_;
};

dstream<int> flood_of(actor_job& job, std::atomic<int>& stored, int total) {
  return job.context->receiver_stream(
      [&stored, total] { return std::make_shared<flood>(stored, total); });
}

/// Holds whoever passes until it is opened.
class gate {
public:
  void pass() {
    std::unique_lock lock{mutex_};
    ++arrived_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  void open() {
    std::lock_guard guard{mutex_};
    open_ = true;
    changed_.notify_all();
  }
  void wait_for_somebody() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return arrived_ > 0; });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int arrived_ = 0;
  bool open_ = false;
};

/// 0, 1, 2 ...: where it is not, in words.
std::string gap_in(const std::vector<int>& numbers) {
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (numbers[i] != static_cast<int>(i))
      return "number " + std::to_string(i) + " is " + std::to_string(numbers[i]);
  return {};
}

constexpr std::size_t block_bytes = 1000;
constexpr std::size_t store_bytes = 10'000;

configuration small_store() {
  return quick_configuration()
      .set("stream.max_block_bytes", block_bytes)
      .set("stream.block_store_bytes", store_bytes);
}

/// The store, ten ready blocks and one being pushed, the open block, and what a cut adds.
constexpr std::size_t most_outstanding_bytes = store_bytes + 14 * block_bytes;

/// Remembers the largest value of each gauge.
class peaks final : public metric_observer {
public:
  void add(std::string_view, std::string_view, std::uint64_t) override {}
  void set(std::string_view name, std::string_view, double value) override {
    std::lock_guard guard{mutex_};
    auto& peak = peaks_[std::string{name}];
    peak = std::max(peak, value);
  }
  double of(const std::string& name) {
    std::lock_guard guard{mutex_};
    return peaks_[name];
  }

private:
  std::mutex mutex_;
  std::map<std::string, double> peaks_;
};

} // namespace

TEST_CASE("a blocked output makes the receiver wait at the store's bound, and nothing is lost or "
          "reordered") {
  constexpr int total = 40'000;
  std::atomic<int> stored = 0;
  gate output;
  std::atomic<std::size_t> processed = 0;
  std::vector<int> out;
  actor_job job{small_store()};
  auto gauges = std::make_shared<peaks>();
  job.context->set_metrics(gauges);
  flood_of(job, stored, total).for_each_batch([&](const batch<int>& b) {
    if (b.size() > 0)
      output.pass();
    for (int x : b.collect())
      out.push_back(x);
    processed += b.size();
  });
  job.context->start();
  output.wait_for_somebody();
  // Full when nothing moves any more although the output has all the time in the world.
  CHECK(wait_until([&] {
    int before = stored;
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    return before == stored;
  }));
  CHECK(static_cast<std::size_t>(stored) * sizeof(int) <= most_outstanding_bytes);
  CHECK(static_cast<std::size_t>(stored) * sizeof(int) > store_bytes / 2);
  output.open();
  CHECK(wait_until([&] { return processed == total; }));
  job.stop_gracefully();
  CHECK(out.size() == total);
  CHECK(gap_in(out) == "");
  CHECK(gauges->of("block_store_bytes") <= store_bytes);
  CHECK(gauges->of("block_store_bytes") > store_bytes / 2);
}

TEST_CASE("a slow stream never has more outstanding than its bounds, however long it lasts") {
  // Each cut of the block interval must not add a block to a queue that is full already.
  actor_job job{small_store().set("stream.block_interval", "1ms")};
  std::atomic<int> stored = 0;
  std::atomic<int> waited = 0;
  gate output;
  struct drip final : receiver<int> {
    explicit drip(std::atomic<int>& stored) : stored_{stored} {}
    void on_start() override {
      run([this](std::stop_token stop) {
        while (!stop.stop_requested() && store(stored_)) {
          ++stored_;
          if (stored_ % 20 == 0)
            std::this_thread::sleep_for(std::chrono::microseconds(200));
        }
      });
    }
    void on_stop() override {}
    std::atomic<int>& stored_;
  };
  std::vector<int> out;
  job.context->receiver_stream([&] { return std::make_shared<drip>(stored); })
      .for_each_batch([&](const batch<int>& b) {
        if (b.size() > 0)
          output.pass();
        for (int x : b.collect())
          out.push_back(x);
      });
  job.context->start();
  output.wait_for_somebody();
  CHECK(wait_until([&] {
    int before = stored;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return before == stored;
  }));
  CHECK(static_cast<std::size_t>(stored) * sizeof(int) <= most_outstanding_bytes);
  output.open();
  job.stop_gracefully();
  CHECK(static_cast<int>(out.size()) == stored);
  CHECK(gap_in(out) == "");
}

TEST_CASE("a slow map: order kept, nothing lost") {
  constexpr int total = 3'000;
  std::atomic<int> stored = 0;
  actor_job job{small_store().set("master", "local[1]"), milliseconds(5)};
  collector<int> out;
  flood_of(job, stored, total)
      .map([](int x) {
        if (x % 100 == 0)
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
        return x;
      })
      .collect_into(out);
  job.context->start();
  CHECK(wait_until([&] { return records_of(out).size() == total; }));
  job.stop_gracefully();
  CHECK(gap_in(records_of(out)) == "");
}

TEST_CASE("batches that are behind are told of once an episode, with their delay") {
  actor_job job{quick_configuration().set("stream.delay_warning", 2.0),
                seconds(1),
                {std::make_shared<manual_clock>(), nullptr}};
  std::atomic<bool> go_on = false;
  test_input<int>(*job.context, {}).for_each_batch([&](const batch<int>&) {
    while (!go_on)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  job.context->start();
  auto warnings = [&] { return job.log->count(log_level::warning, "batches are behind: "); };
  auto completed = [&](std::size_t n) {
    return wait_until([&] { return job.events->completed().size() == n; });
  };
  for (std::size_t episode = 1; episode <= 2; ++episode) {
    go_on = false;
    job.runtime->advance(seconds(10));
    CHECK(wait_until([&] { return warnings() == episode; }));
    go_on = true;
    CHECK(completed(10 * episode));
    CHECK(warnings() == episode);
  }
  job.stop_gracefully();
  CHECK(job.log->count(log_level::warning, "000 ms after its time") == 2);
}

TEST_CASE("every point of the grid gets exactly one batch, also while batches are held back") {
  actor_job job{
      quick_configuration().set("stream.batches_in_flight", 2).set("stream.batches_waiting", 3),
      seconds(1),
      {std::make_shared<manual_clock>(), nullptr}};
  gate output;
  std::vector<std::int64_t> times;
  std::atomic<std::size_t> pulled = 0;
  job.context
      ->input_stream<int>([&](batch_time) {
        ++pulled;
        return std::optional{batch<int>{std::vector{1}, 1}};
      })
      .for_each_batch([&](const batch<int>&, batch_time t) {
        output.pass();
        times.push_back(t.ms());
      });
  job.context->start();
  job.runtime->advance(seconds(100));
  output.wait_for_somebody();
  CHECK(wait_until([&] { return pulled == 5; }));
  CHECK(wait_until([&] { return job.events->events("batch submitted").size() == 5; }));
  CHECK(job.events->events("batch started").size() == 2);
  job.runtime->advance(seconds(100));
  CHECK(pulled == 5);
  output.open();
  CHECK(wait_until([&] { return job.events->completed().size() == 200; }));
  job.context->stop();
  REQUIRE(times.size() == 200);
  for (std::size_t i = 0; i < times.size(); ++i)
    CHECK(times[i] == 1000 * (static_cast<std::int64_t>(i) + 1));
  // Before any event of completion can overtake: never more than two started and not completed.
  int running = 0;
  for (auto& e : job.events->events("batch ")) {
    running += e.starts_with("batch started") ? 1 : e.starts_with("batch completed") ? -1 : 0;
    CHECK(running <= 2);
  }
}

TEST_CASE("on real time, too, the batches that ran are consecutive points of the grid") {
  actor_job job{quick_configuration(), milliseconds(3)};
  collector<int> out;
  test_input<int>(*job.context, {}).collect_into(out);
  job.context->start();
  CHECK(out.wait_for(60, patience));
  job.stop_gracefully();
  auto times = out.times();
  for (std::size_t i = 1; i < times.size(); ++i)
    CHECK((times[i] - times[i - 1]) == milliseconds(3));
  CHECK(times.front().is_multiple_of(milliseconds(3)));
}

TEST_CASE(
    "a listener that is too slow loses events, counted and warned of; no batch waits for it") {
  actor_job job{quick_configuration().set("listener.queue_size", 8),
                milliseconds(500),
                {std::make_shared<manual_clock>(), nullptr}};
  struct stuck final : listener {
    gate* at = nullptr;
    void on_batch_submitted(const batch_info&) override { at->pass(); }
  };
  gate held;
  auto slow = std::make_shared<stuck>();
  slow->at = &held;
  job.context->add_listener(slow);
  collector<int> out;
  test_input<int>(*job.context, {}).collect_into(out);
  job.context->start();
  // Less than a minute, after which it would be told of again.
  job.runtime->advance(seconds(50));
  CHECK(out.wait_for(100, patience));
  CHECK(wait_until([&] { return job.metrics->counter("listener_events_dropped_total") > 1; }));
  held.open();
  job.context->stop();
  const auto dropped = job.metrics->counter("listener_events_dropped_total");
  CHECK(job.log->count(log_level::warning, "listeners are too slow: 8 events wait") == 2);
  CHECK(job.log->count(log_level::warning, " " + std::to_string(dropped) + " in ") == 1);
  CHECK(job.events->completed().size() < 100);
}
