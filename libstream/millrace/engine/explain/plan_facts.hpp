#pragma once

#include "millrace/engine/explain/explain.hpp"
#include "millrace/engine/stage_chain.hpp"
#include "millrace/plan/operator_uid.hpp"

#include <string>
#include <vector>

namespace millrace {

/// What the forms of `explain` have in common: names for everything in a plan. Refers to the job.
class plan_facts {
public:
  explicit plan_facts(const explained_job& job);

  const explained_job& job() const { return job_; }
  const job_plan& plan() const { return job_.plan; }
  const std::vector<chain_plan>& chains() const { return chains_; }
  /// Sixteen hexadecimal digits.
  const std::string& fingerprint() const { return fingerprint_; }

  const std::string& uid(const node& n) const { return uids_.of(n); }
  /// Its uid if that tells the operation, else the operation, with the name if there is one.
  std::string who(const node& n) const;

private:
  const explained_job& job_;
  operator_uids uids_;
  std::vector<chain_plan> chains_;
  std::string fingerprint_;
};

/// "socket HOST:PORT", "receiver", or "made for each batch".
std::string source_kind(const source_node& source);

std::string explain_as_text(const plan_facts& facts);
std::string explain_as_json(const plan_facts& facts);
std::string explain_as_dot(const plan_facts& facts);

} // namespace millrace
