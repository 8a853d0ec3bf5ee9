#pragma once

#include "millrace/engine/job_outlet.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace millrace::test {

/// Keeps what parts of the engine say: events through `listen`, lines and counts as usual.
class scripted_outlet final : public job_outlet {
public:
  scripted_outlet(std::shared_ptr<memory_log> lines, std::shared_ptr<memory_metrics> counts)
      : job_outlet{logger{lines, "runtime"}, counts},
        lines{std::move(lines)},
        counts{std::move(counts)} {}

  scripted_outlet()
      : scripted_outlet{std::make_shared<memory_log>(), std::make_shared<memory_metrics>()} {}

  bool listened_to() const override { return listen != nullptr; }
  void post(event e) override { e(*listen); }
  void end_job(const error& why, stop_mode how) override { ends.emplace_back(why, how); }

  std::shared_ptr<memory_log> lines;
  std::shared_ptr<memory_metrics> counts;
  std::shared_ptr<listener> listen;
  std::vector<std::pair<error, stop_mode>> ends;
};

} // namespace millrace::test
