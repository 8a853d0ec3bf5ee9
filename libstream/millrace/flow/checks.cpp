#include "millrace/flow/checks.hpp"

#include <algorithm>

namespace millrace {

namespace {

[[noreturn]] void refuse(const op_info& info, const std::string& why) {
  throw stream_error{errc::invalid_argument, describe(info) + ": " + why};
}

void check_multiple(const op_info& info, const char* what, duration value, duration parent) {
  if (!parent.is_zero() && !value.is_multiple_of(parent))
    refuse(info, std::string("The ") + what + " duration of windowed DStream (" + to_string(value) +
                     ") must be a multiple of the slide duration of parent DStream (" +
                     to_string(parent) + ")");
}

} // namespace

void check_positive(const op_info& info, const char* what, duration value) {
  if (value <= duration{0})
    refuse(info, std::string("the ") + what + " is " + to_string(value) + "; it must be positive");
}

void check_together(const op_info& info, const std::vector<checked_stream>& streams) {
  auto& first = streams.front();
  for (auto& s : streams) {
    if (s.builder != first.builder)
      refuse(info, "Some of the DStreams have different contexts");
    if (s.node->slide() != first.node->slide())
      refuse(info, "Some of the DStreams have different slide durations (" +
                       to_string(first.node->slide()) + " and " + to_string(s.node->slide()) + ")");
  }
}

void check_together(const op_info& info, const std::vector<checked_stream>& streams,
                    const graph_builder& builder) {
  check_together(info, streams);
  if (streams.front().builder.get() != &builder)
    refuse(info, "The DStreams have another context than the one whose operation this is");
}

duration default_checkpoint_interval(duration slide) {
  auto ms = std::max<std::int64_t>(slide.ms(), 1);
  return slide * ((10'000 + ms - 1) / ms);
}

window_times checked_window(const op_info& info, duration length, std::optional<duration> slide,
                            duration parent) {
  const auto step = slide.value_or(parent);
  check_positive(info, "window duration", length);
  check_positive(info, "slide duration", step);
  check_multiple(info, "window", length, parent);
  check_multiple(info, "slide", step, parent);
  return {length, step};
}

} // namespace millrace
