#include "millrace/engine/listener.hpp"

namespace millrace {

std::uint64_t batch_info::records() const {
  std::uint64_t n = 0;
  for (auto& input : inputs)
    n += input.records;
  return n;
}

std::optional<duration> batch_info::scheduling_delay() const {
  if (!processing_started)
    return std::nullopt;
  return (*processing_started - time).max(duration{0});
}

std::optional<duration> batch_info::processing_delay() const {
  if (!processing_started || !processing_ended)
    return std::nullopt;
  return *processing_ended - *processing_started;
}

std::optional<duration> batch_info::total_delay() const {
  auto scheduling = scheduling_delay();
  auto processing = processing_delay();
  if (!scheduling || !processing)
    return std::nullopt;
  return *scheduling + *processing;
}

} // namespace millrace
