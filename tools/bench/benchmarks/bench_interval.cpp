#include "suite/bench_job.hpp"
#include "suite/registry.hpp"
#include "suite/three_stages.hpp"
#include "yardstick/timer_loops.hpp"

#include <algorithm>
#include <thread>

namespace millrace::bench {

namespace {

constexpr std::int64_t intervals_ms[] = {1, 2, 5, 10, 20};
constexpr int keys = 8;

struct timed_record {
  std::int64_t batch_ms = 0;
  int key = 0;
};

struct interval_result {
  std::vector<double> start_us; ///< From a batch's time to the start of its first record.
  std::uint64_t due = 0;        ///< Batches that fell due while we watched.
  std::uint64_t done = 0;
};

/// A batch of a few records; the first of them tells when it was reached.
interval_result run_at(std::int64_t interval_ms, double for_seconds) {
  interval_result out;
  out.start_us.reserve(
      static_cast<std::size_t>(for_seconds * 1000 / static_cast<double>(interval_ms)) + 1000);
  progress_counter done;
  bench_job job{bench_configuration(2), milliseconds(interval_ms), bench_job::clock_kind::real};
  auto records = job.context().input_stream<timed_record>([](batch_time time) {
    std::vector<timed_record> some;
    for (int k = 0; k < keys; ++k)
      some.push_back({time.ms(), k});
    return std::optional{batch<timed_record>{std::move(some), 2}};
  });
  auto keyed = records.map([&out](const timed_record& r) {
    if (r.key == 0)
      out.start_us.push_back(static_cast<double>(wall_ns() - r.batch_ms * 1'000'000) * 1e-3);
    return std::pair{std::int64_t{r.key}, std::int64_t{1}};
  });
  three_stages(keyed).for_each_batch(
      [&](const batch<std::pair<std::int64_t, std::int64_t>>& counts) {
        std::int64_t sum = 0;
        for (auto& [count, key] : counts.collect())
          sum += key;
        report::check_equal("b12", static_cast<std::uint64_t>(sum), keys * (keys - 1) / 2);
        done.add();
      });
  job.start();
  job.wait(done, 1);
  const auto first = done.value();
  const auto begin = steady::now();
  std::this_thread::sleep_for(std::chrono::duration<double>(for_seconds));
  out.done = done.value() - first;
  out.due =
      static_cast<std::uint64_t>(seconds_since(begin) * 1e3 / static_cast<double>(interval_ms));
  job.stop();
  return out;
}

/// p99 of the scheduling delay; a round in which batches pile up does not count.
double p99_of(const interval_result& r) {
  constexpr std::uint64_t under_way = 3;
  return r.done + under_way >= r.due ? percentile(r.start_us, 0.99) : 1e9;
}

} // namespace

void bench_interval(report& to, const run_options& options) {
  const double for_seconds = options.choose(1.5, 0.1);
  double ours_floor = 1000, bare_floor = 1000;
  for (auto interval : intervals_ms) {
    const auto interval_us = static_cast<double>(interval) * 1e3;
    const auto batches = static_cast<std::size_t>(for_seconds * 1e6 / interval_us);
    double ours = 1e9, bare = 1e9;
    for (int r = 0; r < options.choose(3, 1); ++r) {
      ours = std::min(ours, p99_of(run_at(interval, for_seconds)));
      const auto loop = run_timer_worker(std::chrono::milliseconds{interval}, batches);
      bare = std::min(bare, percentile(loop.start_us, 0.99));
    }
    to.add("b12/p99/" + std::to_string(interval) + "ms", ours, bare, "us");
    if (ours < interval_us)
      ours_floor = std::min(ours_floor, interval_us / 1e3);
    if (bare < interval_us)
      bare_floor = std::min(bare_floor, interval_us / 1e3);
  }
  to.add("b12/floor", ours_floor, bare_floor, "ms");
}

} // namespace millrace::bench
