#include "suite/bench_job.hpp"
#include "suite/registry.hpp"
#include "yardstick/timer_loops.hpp"

#include <algorithm>
#include <array>
#include <thread>

namespace millrace::bench {

namespace {

constexpr std::size_t partitions = 2;

struct interval_case {
  std::int64_t ms;
  std::size_t batches; ///< In each round.
};

constexpr interval_case cases[] = {{1, 1000}, {20, 100}, {100, 30}, {1000, 5}};

/// One record for each partition: which batch it starts.
struct start_mark {
  std::size_t batch = 0;
  std::size_t partition = 0;
};

/// For each batch the microseconds from its time to the start of its last partition.
std::vector<double> run_ours(const configuration& conf, std::int64_t interval_ms,
                             std::size_t batches) {
  constexpr std::size_t warm_up = 3;
  const auto all = batches + warm_up;
  std::vector<std::int64_t> due(all);
  std::vector<std::array<std::int64_t, partitions>> starts(all);
  std::size_t next = 0;
  progress_counter done;
  bench_job job{conf, milliseconds(interval_ms), bench_job::clock_kind::real};
  auto marks = job.context().input_stream<start_mark>([&](batch_time time) {
    std::vector<start_mark> some;
    if (next < all) {
      due[next] = time.ms() * 1'000'000;
      for (std::size_t p = 0; p < partitions; ++p)
        some.push_back({next, p});
      ++next;
    }
    return std::optional{batch<start_mark>{std::move(some), partitions}};
  });
  auto started = marks.map([&starts](const start_mark& m) {
    starts[m.batch][m.partition] = wall_ns();
    return m.batch;
  });
  started.for_each_batch([&](const batch<std::size_t>& b) { done.add(b.size() / partitions); });
  job.start();
  job.wait(done, all);
  job.stop();
  std::vector<double> out;
  for (std::size_t b = warm_up; b < all; ++b)
    out.push_back(static_cast<double>(std::ranges::max(starts[b]) - due[b]) * 1e-3);
  return out;
}

/// CPU of a started job that waits for its first batch, in percent of one core.
double idle_cpu_percent(const configuration& conf, double for_seconds) {
  bench_job job{conf, seconds(3600), bench_job::clock_kind::real};
  auto nothing = job.context().queue_stream<int>(std::make_shared<batch_feed<int>>());
  nothing.for_each_batch([](const batch<int>&) {});
  job.start();
  std::this_thread::sleep_for(std::chrono::milliseconds{50});
  const double cpu = cpu_seconds();
  std::this_thread::sleep_for(std::chrono::duration<double>(for_seconds));
  const double used = cpu_seconds() - cpu;
  job.stop();
  return 100 * used / for_seconds;
}

/// The lowest of several rounds, because what a neighbour adds is not the scheduler's.
struct best_skew {
  double p50 = 1e9;
  double p99 = 1e9;

  void take(const std::vector<double>& skew_us) {
    p50 = std::min(p50, percentile(skew_us, 0.5));
    p99 = std::min(p99, percentile(skew_us, 0.99));
  }
};

void compare(report& to, const std::string& name, const configuration& conf,
             const run_options& options) {
  constexpr double most_idle_percent = 2;
  for (auto& c : cases) {
    const auto batches = options.choose<std::size_t>(c.batches, c.ms > 20 ? 1 : 20);
    best_skew ours, bare;
    for (int r = 0; r < options.choose(3, 1); ++r) {
      ours.take(run_ours(conf, c.ms, batches));
      bare.take(run_fan_out(std::chrono::milliseconds{c.ms}, batches, partitions));
    }
    const auto at = name + std::to_string(c.ms) + "ms";
    to.add(at + "/p50", ours.p50, bare.p50, "us");
    to.add(at + "/p99", ours.p99, bare.p99, "us");
  }
  to.add(name + "idle", idle_cpu_percent(conf, options.choose(3.0, 0.05)), most_idle_percent,
         "% CPU");
}

} // namespace

void bench_fan_out(report& to, const run_options& options) {
  compare(to, "b14/", bench_configuration(partitions), options);
}

void bench_fan_out_policies(report& to, const run_options& options) {
  for (const char* policy : {"sharing", "stealing"})
    for (int threads : {1, 2})
      compare(to, std::string{"b14-policies/"} + policy + "/" + std::to_string(threads) + "/",
              bench_configuration(partitions)
                  .set("scheduler.policy", policy)
                  .set("scheduler.threads", threads),
              options);
}

} // namespace millrace::bench
