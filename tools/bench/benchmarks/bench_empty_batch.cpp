#include "suite/bench_job.hpp"
#include "suite/registry.hpp"
#include "suite/three_stages.hpp"
#include "yardstick/timer_loops.hpp"

#include <algorithm>
#include <thread>

namespace millrace::bench {

namespace {

using record = std::pair<std::int64_t, std::int64_t>;

constexpr double stages = 3;

/// Three stages of one partition each on a queue that stays empty.
class empty_job {
public:
  empty_job(duration interval, bench_job::clock_kind time)
      : job_{bench_configuration(1), interval, time} {
    auto records = job_.context().queue_stream<record>(std::make_shared<batch_feed<record>>());
    three_stages(records).for_each_batch([this](const batch<record>& counts) {
      records_ += counts.size();
      done_.add();
    });
    job_.start();
  }

  /// `at_once` batches fall due with one tick of the clock.
  void run_by_hand(std::uint64_t batches, std::uint64_t at_once) {
    const auto end = target_ + batches;
    while (target_ < end) {
      const auto n = std::min(at_once, end - target_);
      job_.tick(static_cast<std::int64_t>(n));
      job_.wait(done_, target_ += n);
    }
  }

  /// CPU microseconds of this process for each batch.
  double cpu_us_per_batch(double for_seconds) {
    job_.wait(done_, done_.value() + 2);
    const auto before = done_.value();
    const double cpu = cpu_seconds();
    std::this_thread::sleep_for(std::chrono::duration<double>(for_seconds));
    const double used = cpu_seconds() - cpu;
    return used * 1e6 / static_cast<double>(std::max<std::uint64_t>(done_.value() - before, 1));
  }

  std::uint64_t messages() const { return job_.messages(); }
  void stop() {
    job_.stop();
    report::check_equal("b13: records in empty batches", records_, 0);
  }

private:
  progress_counter done_;
  std::uint64_t target_ = 0;
  std::uint64_t records_ = 0;
  bench_job job_;
};

double bare_cpu_us(std::int64_t interval_ms, double for_seconds) {
  const auto batches =
      static_cast<std::size_t>(for_seconds * 1000 / static_cast<double>(interval_ms));
  const double cpu = cpu_seconds();
  const auto done = run_timer_worker(std::chrono::milliseconds{interval_ms}, batches);
  return (cpu_seconds() - cpu) * 1e6 / static_cast<double>(done.start_us.size());
}

void compare_cpu(report& to, std::int64_t interval_ms, const run_options& options) {
  const double for_seconds = options.choose(2.0, 0.05);
  double ours = 1e9, bare = 1e9;
  for (int r = 0; r < options.choose(4, 1); ++r) {
    {
      empty_job job{milliseconds(interval_ms), bench_job::clock_kind::real};
      ours = std::min(ours, job.cpu_us_per_batch(for_seconds));
      job.stop();
    }
    bare = std::min(bare, bare_cpu_us(interval_ms, for_seconds));
  }
  to.add("b13/cpu/" + std::to_string(interval_ms) + "ms", ours, bare, "us");
}

/// The number of messages does not depend on the machine, and neither does whether memory grows:
/// both are checked.
void check_growth(report& to, const run_options& options) {
  constexpr double most_kib = 1024;
  const auto half = options.choose<std::uint64_t>(500'000, 10'000);
  empty_job job{milliseconds(1), bench_job::clock_kind::by_hand};
  constexpr std::uint64_t counted = 1000;
  job.run_by_hand(half, 16);
  const auto resident = static_cast<double>(resident_bytes());
  job.run_by_hand(half, 16);
  const double growth_kib = (static_cast<double>(resident_bytes()) - resident) / 1024;
  const auto messages = job.messages();
  job.run_by_hand(counted, 1);
  const double per_batch = static_cast<double>(job.messages() - messages) / counted;
  job.stop();
  to.add("b13/messages", per_batch, 4 + 2 * stages, "messages");
  to.add("b13/growth", growth_kib, most_kib, "KiB");
  if (per_batch > 4 + 2 * stages + 0.01)
    throw wrong_answer{"b13: " + std::to_string(per_batch) + " messages for an empty batch"};
  if (growth_kib > most_kib)
    throw wrong_answer{"b13: memory grew by " + std::to_string(growth_kib) + " KiB in " +
                       std::to_string(half) + " empty batches"};
}

} // namespace

void bench_empty_batch(report& to, const run_options& options) {
  for (std::int64_t interval : {1, 5})
    compare_cpu(to, interval, options);
  check_growth(to, options);
}

} // namespace millrace::bench
