#include "millrace/engine/job_backlog.hpp"

namespace millrace {

std::string describe(const job_backlog& left) {
  return std::to_string(left.batches.load()) + " batches, " +
         std::to_string(left.held_ticks.load()) + " more that are due, " +
         std::to_string(left.records.load()) + " records that are in no batch";
}

error unfinished_error(const job_backlog& left, std::chrono::milliseconds limit) {
  return {errc::timed_out, "the graceful stop has not processed everything within " +
                               std::to_string(limit.count()) +
                               " ms (option stop.graceful_timeout); left: " + describe(left)};
}

} // namespace millrace
