#pragma once

#include "millrace/base/error.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace millrace {

/// What a job has received or owes and has not done yet. Kept up to date by the batch driver, read
/// by whoever waits for the job, from any thread.
struct job_backlog {
  std::atomic<std::uint64_t> batches{0};    ///< Allocated and not done.
  std::atomic<std::uint64_t> held_ticks{0}; ///< Due and not allocated.
  std::atomic<std::uint64_t> records{0};    ///< Received and in no batch.
};

/// "2 batches, 5 more that are due, 120 records that are in no batch".
std::string describe(const job_backlog& left);

/// The error of a graceful stop whose time-out is over.
error unfinished_error(const job_backlog& left, std::chrono::milliseconds limit);

} // namespace millrace
