#pragma once

#include "millrace/base/error.hpp"

#include <string_view>

namespace millrace {

/// What to do about a batch that failed for good.
enum class failure_policy {
  /// Report the error and stop the job.
  stop,
  /// Log the error, count it, and go on with the next batch.
  skip,
};

result<failure_policy> parse_failure_policy(std::string_view text);

} // namespace millrace
