#pragma once

namespace millrace {

/// What to do about a batch or an output that failed for good.
enum class failure_policy {
  /// Report the error and stop the job.
  stop,
  /// Log the error, count it, and go on with the next batch.
  skip,
};

} // namespace millrace
