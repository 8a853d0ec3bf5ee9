#pragma once

#include "suite/report.hpp"

#include <span>
#include <string_view>

namespace millrace::bench {

struct run_options {
  /// Small inputs and few rounds: enough to check answers, too little to tell anything about time.
  bool quick = false;

  template <class T>
  T choose(T full, T small) const {
    return quick ? small : full;
  }
};

struct benchmark {
  std::string_view name;
  std::string_view doc; ///< One line for `--list`.
  void (*run)(report& to, const run_options& options);
  bool by_default = true; ///< Whether it runs when no name is given.
};

/// In the order in which they run.
std::span<const benchmark> all_benchmarks();

void bench_word_count(report& to, const run_options& options);
void bench_socket(report& to, const run_options& options);
void bench_filter(report& to, const run_options& options);
void bench_top_k(report& to, const run_options& options);
void bench_window(report& to, const run_options& options);
void bench_state(report& to, const run_options& options);
void bench_join(report& to, const run_options& options);
void bench_interval(report& to, const run_options& options);
void bench_empty_batch(report& to, const run_options& options);
void bench_fan_out(report& to, const run_options& options);
void bench_fan_out_policies(report& to, const run_options& options);
void bench_start(report& to, const run_options& options);
void bench_idle_stream(report& to, const run_options& options);

/// What `start` runs in fresh processes: milliseconds from `main` to the end of the first batch,
/// and from the batch's time to its end, on one line.
void first_batch(std::int64_t main_began_ns);
/// The same with a bare timer thread and a worker.
void first_tick(std::int64_t main_began_ns);

/// A fixed amount of work on one thread, for counting instructions; false when there is no such
/// work.
bool run_fixed_work(std::string_view name);

} // namespace millrace::bench
