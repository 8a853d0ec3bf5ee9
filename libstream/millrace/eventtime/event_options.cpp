#include "millrace/eventtime/event_options.hpp"

#include "millrace/base/error.hpp"

#include <fmt/format.h>

namespace millrace {

void validate(const event_window_options& options) {
  if (options.allowed_lateness.ms() < 0)
    throw stream_error{errc::invalid_argument,
                       fmt::format("event-time windows: allowed_lateness must not be negative, but "
                                   "is {} ms",
                                   options.allowed_lateness.ms())};
  if (options.max_open_windows == 0)
    throw stream_error{errc::invalid_argument,
                       "event-time windows: max_open_windows must be at least 1"};
}

void validate_interval_join(duration lower, duration upper, const interval_join_options& options) {
  if (lower > upper)
    throw stream_error{errc::invalid_argument,
                       fmt::format("interval_join: the lower bound of {} ms is greater than the "
                                   "upper bound of {} ms; no pair could lie between them",
                                   lower.ms(), upper.ms())};
  if (options.max_buffered_records == 0)
    throw stream_error{errc::invalid_argument,
                       "interval_join: max_buffered_records must be at least 1"};
}

namespace detail {

void throw_too_many_windows(std::size_t most) {
  throw stream_error{
      errc::limit_exceeded,
      fmt::format("event-time windows: one more than {} windows would be open in one partition; "
                  "raise max_open_windows, use more partitions, a shorter allowed_lateness or "
                  "max_out_of_orderness, or filter records whose event time runs ahead",
                  most)};
}

void throw_too_many_buffered(std::size_t most) {
  throw stream_error{
      errc::limit_exceeded,
      fmt::format("interval_join: one more than {} records would wait for partners in one "
                  "partition; raise max_buffered_records, use more partitions or closer bounds, or "
                  "see why one of the two streams stands still",
                  most)};
}

} // namespace detail

} // namespace millrace
