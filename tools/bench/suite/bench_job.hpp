#pragma once

#include "millrace/actors/system/actor_runtime.hpp"
#include "millrace/flow/stream_context.hpp"
#include "suite/measure.hpp"

#include <memory>

namespace millrace::bench {

/// `local[workers]` with a fixed hash seed; logs errors only.
configuration bench_configuration(unsigned workers);

/// A job on the actor runtime, as `millrace::stream_context` makes it; with a hand-moved clock a
/// batch begins when the benchmark says so. Used by one thread; stops when destroyed.
class bench_job {
public:
  enum class clock_kind { real, by_hand };

  bench_job(const configuration& conf, duration interval, clock_kind time);

  basic_stream_context& context() { return *context_; }

  void start() { context_->start(); }

  /// Stops and waits; throws what the job reported.
  void stop();

  /// By hand: makes `n` batches fall due.
  void tick(std::int64_t n = 1);

  /// Waits until the counter has reached `n`; throws when the job fails or nothing moves for a
  /// minute.
  void wait(const progress_counter& counter, std::uint64_t n);

  std::uint64_t messages() const { return engine_->messages(); }

private:
  duration interval_;
  actors::actor_runtime* engine_;
  std::unique_ptr<basic_stream_context> context_;
};

} // namespace millrace::bench
