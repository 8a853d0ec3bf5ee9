#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace millrace::bench {

using steady = std::chrono::steady_clock;

/// Seconds since `begin`.
double seconds_since(steady::time_point begin);

/// CPU seconds of all threads of this process so far.
double cpu_seconds();

/// Bytes of memory that this process has resident.
std::size_t resident_bytes();

/// Bytes that are allocated on the heap.
std::size_t heap_bytes();

/// The value below which `share` (0 to 1) of the values lie; 0 for none.
double percentile(std::vector<double> values, double share);

/// Nanoseconds of the wall clock: the grid of batch times is a wall grid.
std::int64_t wall_ns();

/// Counts on one thread what another waits for.
class progress_counter {
public:
  void add(std::uint64_t n = 1);
  std::uint64_t value() const;
  /// False when `n` were not reached within `limit`.
  bool wait_for(std::uint64_t n, std::chrono::milliseconds limit) const;

private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::uint64_t value_ = 0;
};

} // namespace millrace::bench
