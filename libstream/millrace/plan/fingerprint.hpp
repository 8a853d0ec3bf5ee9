#pragma once

#include "millrace/plan/operator_uid.hpp"
#include "millrace/plan/plan.hpp"

#include <cstdint>
#include <string>

namespace millrace {

/// What two processes must have in common to be of one job, a line for each stage, each operator in
/// it, each edge and each output: uids, schemas, partitions and slides. Lines are in the order of
/// the plan, since that numbers its stages and outputs.
std::string fingerprint_text(const job_plan& plan, const operator_uids& uids);

/// The stable_hash of that text.
std::uint64_t fingerprint(const job_plan& plan, const operator_uids& uids);

} // namespace millrace
