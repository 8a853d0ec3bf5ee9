#include "suite/bench_job.hpp"

#include "suite/report.hpp"

namespace millrace::bench {

configuration bench_configuration(unsigned workers) {
  return configuration::defaults()
      .master("local[" + std::to_string(workers) + "]")
      .set("state.hash_seed", 7)
      .set("stop.handle_signals", false)
      .set("log.level", "error");
}

bench_job::bench_job(const configuration& conf, duration interval, clock_kind time)
    : interval_{interval} {
  actors::actor_runtime_options options;
  if (time == clock_kind::by_hand)
    options.time = std::make_shared<manual_clock>();
  auto engine = std::make_unique<actors::actor_runtime>(std::move(options));
  engine_ = engine.get();
  context_ = std::make_unique<basic_stream_context>(conf, interval, std::move(engine));
}

void bench_job::stop() {
  context_->stop();
  context_->await_termination();
}

void bench_job::tick(std::int64_t n) { engine_->advance(interval_ * static_cast<int>(n)); }

void bench_job::wait(const progress_counter& counter, std::uint64_t n) {
  auto last = counter.value();
  auto moved = steady::now();
  while (!counter.wait_for(n, std::chrono::milliseconds{100})) {
    if (context_->await_termination_for(duration{0}))
      throw wrong_answer{"the job has stopped early"};
    if (auto now = counter.value(); now != last) {
      last = now;
      moved = steady::now();
    } else if (seconds_since(moved) > 60) {
      throw wrong_answer{"the job has stalled at " + std::to_string(last) + " of " +
                         std::to_string(n)};
    }
  }
}

} // namespace millrace::bench
