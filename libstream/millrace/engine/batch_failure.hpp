#pragma once

#include "millrace/base/error.hpp"
#include "millrace/plan/failure_policy.hpp"
#include "millrace/plan/plan.hpp"

#include <optional>
#include <string>
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

/// What a user is to be told at the start of a job that goes on after a failed batch and keeps
/// state: partitions that had done their part of the batch keep it, which nothing takes back.
std::optional<std::string> warn_of_half_batches(const job_plan& plan, failure_policy policy);

/// Of the failures of one batch the first counts, but one that stops the job before one that does
/// not.
inline void add_failure(std::optional<batch_failure>& to, batch_failure one) {
  if (!to || (to->policy == failure_policy::skip && one.policy == failure_policy::stop))
    to = std::move(one);
}

} // namespace millrace
