#include "millrace/engine/batch_failure.hpp"

#include <algorithm>
#include <string>

namespace millrace {

result<failure_policy> parse_failure_policy(std::string_view text) {
  if (text == "stop")
    return failure_policy::stop;
  if (text == "skip")
    return failure_policy::skip;
  return fail(errc::invalid_argument, "stream.on_batch_failure is \"" + std::string(text) +
                                          "\"; allowed are stop and skip");
}

std::optional<std::string> warn_of_half_batches(const job_plan& plan, failure_policy policy) {
  const bool skips =
      policy == failure_policy::skip || std::ranges::any_of(plan.outputs, [](auto& output) {
        return output.op->settings().on_failure == failure_policy::skip;
      });
  const auto keeps = [](auto& stage) { return stage.root->keeps_state(); };
  const auto first = std::ranges::find_if(plan.stages, keeps);
  if (!skips || first == plan.stages.end())
    return std::nullopt;
  return "failed batches are skipped (stream.on_batch_failure, on_failure), and " +
         std::to_string(std::ranges::count_if(plan.stages, keeps)) +
         " operations keep state from batch to batch, the first is " +
         describe(*first->root->info()) +
         ": where a batch fails in one partition or output, the others may keep their part of it";
}

} // namespace millrace
