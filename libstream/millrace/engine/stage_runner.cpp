#include "millrace/engine/stage_runner.hpp"

namespace millrace {

stage_result run_stage(stage_instance& instance, const input_gate::ready& input,
                       std::uint32_t max_failures) {
  if (input.failure)
    return {{}, input.failure};
  for (std::uint32_t attempt = 1;; ++attempt) {
    auto out = instance.run(input.input);
    if (out) {
      out->additions.count();
      return {std::move(*out), nullptr};
    }
    if (attempt >= max_failures) {
      auto e = std::move(out.error());
      e.message +=
          " (batch " + to_string(input.input->time) + ", " + std::to_string(attempt) + " attempts)";
      return {{}, std::make_shared<const error>(std::move(e))};
    }
  }
}

} // namespace millrace
