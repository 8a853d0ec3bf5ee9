#pragma once

#include "millrace/base/time.hpp"

#include <cstddef>
#include <cstdint>

namespace millrace {

/// How keyed event-time windows treat late records, and their bound.
struct event_window_options {
  /// How long after it has fired a window still takes late records; each batch that brings some
  /// emits the updated result again. Longer: fewer records are lost and more windows kept.
  duration allowed_lateness;

  /// Open windows per partition: one for each key and window (of sliding windows: for each key and
  /// pane) that has records and may still get more. One more is an error, because event times that
  /// run ahead of the watermark would otherwise fill the memory.
  std::size_t max_open_windows = std::size_t{1} << 24;
};

/// The bound of an interval join.
struct interval_join_options {
  /// Records per partition, both sides together, that wait for partners. One more is an error,
  /// because a side whose partner stream stands still would otherwise fill the memory.
  std::size_t max_buffered_records = std::size_t{1} << 26;
};

/// Both throw stream_error(invalid_argument).
void validate(const event_window_options& options);
void validate_interval_join(duration lower, duration upper, const interval_join_options& options);

/// What became of a record. A late one has changed nothing: hand it to the late output.
enum class arrival : std::uint8_t { kept, late };

namespace detail {

[[noreturn]] void throw_too_many_windows(std::size_t most);
[[noreturn]] void throw_too_many_buffered(std::size_t most);

} // namespace detail

} // namespace millrace
