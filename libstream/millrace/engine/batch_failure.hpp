#pragma once

#include "millrace/base/error.hpp"
#include "millrace/plan/failure_policy.hpp"

#include <optional>
#include <string_view>
#include <utility>

namespace millrace {

/// Reads the option stream.on_batch_failure.
result<failure_policy> parse_failure_policy(std::string_view text);

/// Why a batch failed, and what is to follow.
struct batch_failure {
  error why;
  failure_policy policy = failure_policy::stop;
};

/// Of the failures of one batch the first counts, but one that stops the job before one that does
/// not.
inline void add_failure(std::optional<batch_failure>& to, batch_failure one) {
  if (!to || (to->policy == failure_policy::skip && one.policy == failure_policy::stop))
    to = std::move(one);
}

} // namespace millrace
