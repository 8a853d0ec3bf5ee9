#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

namespace millrace::bench {

struct timer_loop_result {
  std::vector<double> start_us; ///< For each batch: from its deadline to the start of its work.
};

/// The empty batch by hand: a timer thread sleeps to absolute deadlines, wakes a worker through a
/// condition variable, the worker does nothing and wakes the timer thread back. Returns when
/// `batches` are done.
timer_loop_result run_timer_worker(std::chrono::microseconds interval, std::size_t batches);

/// The fan-out by hand: at each absolute deadline a timer thread wakes `workers` threads through
/// one condition variable. For each round the microseconds from the deadline to the start of the
/// last worker.
std::vector<double> run_fan_out(std::chrono::microseconds interval, std::size_t rounds,
                                std::size_t workers);

} // namespace millrace::bench
