#pragma once

#include "millrace/base/error.hpp"
#include "millrace/base/time.hpp"
#include "millrace/plan/plan.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace millrace {

/// How a plan is written: for people, for programs, and as Graphviz source (`dot -Tsvg`).
enum class explain_format { text, json, dot };

/// What the option app.explain says: nothing for "off". Anything else than the three formats is
/// invalid_argument.
result<std::optional<explain_format>> parse_explain_format(std::string_view text);

/// A plan and what beside it decides how it runs. Refers to the plan, which must outlive it.
struct explained_job {
  const job_plan& plan;
  std::string name;
  duration batch_interval;
  std::uint32_t workers = 1;          ///< Compute threads.
  std::int64_t batches_in_flight = 1; ///< With the workers they decide which stages are one task.
};

/// The stages with their operators, uids, element types and places in the user's file, what crosses
/// between them, the sources, states, outputs and kept streams, and which stages run as one task.
/// The same plan gives the same text in every process.
std::string explain(const explained_job& job, explain_format format);

} // namespace millrace
