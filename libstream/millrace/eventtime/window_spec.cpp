#include "millrace/eventtime/window_spec.hpp"

#include "millrace/base/error.hpp"

#include <fmt/format.h>

namespace millrace {

namespace {

[[noreturn]] void refuse(std::string message) {
  throw stream_error{errc::invalid_argument, std::move(message)};
}

void require_positive(duration d, const char* windows, const char* what) {
  if (d.ms() <= 0)
    refuse(fmt::format("{} windows: the {} must be positive, but is {} ms", windows, what, d.ms()));
}

/// The same grid with an offset in [0, slide).
std::int64_t normalised(duration offset, duration slide) {
  const std::int64_t rest = offset.ms() % slide.ms();
  return rest < 0 ? rest + slide.ms() : rest;
}

} // namespace

window_spec window_spec::tumbling(duration size, duration offset) {
  require_positive(size, "tumbling", "size");
  return {kind::tumbling, size.ms(), size.ms(), normalised(offset, size)};
}

window_spec window_spec::sliding(duration size, duration slide, duration offset) {
  require_positive(size, "sliding", "size");
  require_positive(slide, "sliding", "slide");
  if (slide > size)
    refuse(fmt::format("sliding windows: the slide of {} ms is longer than the size of {} ms, so "
                       "that records between the windows would be lost; use a slide of at most "
                       "the size, or filter the stream first",
                       slide.ms(), size.ms()));
  if ((size.ms() - 1) / slide.ms() + 1 > max_windows_per_record)
    refuse(fmt::format("sliding windows: with a size of {} ms and a slide of {} ms a record "
                       "belongs to {} windows, but at most {} are allowed; use a longer slide",
                       size.ms(), slide.ms(), (size.ms() - 1) / slide.ms() + 1,
                       max_windows_per_record));
  return {kind::sliding, size.ms(), slide.ms(), normalised(offset, slide)};
}

window_spec window_spec::session(duration gap) {
  require_positive(gap, "session", "gap");
  return {kind::session, gap.ms(), gap.ms(), 0};
}

event_window window_spec::pane(event_time t) const noexcept {
  const std::int64_t into = into_slide(t);
  const std::int64_t cut = size_ % slide_;
  const std::int64_t begin = into < cut ? 0 : cut;
  const std::int64_t end = into < cut ? cut : slide_;
  return {saturating_subtract(t, duration{into - begin}), saturating_add(t, duration{end - into})};
}

std::string window_spec::describe() const {
  switch (kind_) {
  case kind::tumbling:
    return fmt::format("tumbling(size {} ms, offset {} ms)", size_, offset_);
  case kind::sliding:
    return fmt::format("sliding(size {} ms, slide {} ms, offset {} ms)", size_, slide_, offset_);
  case kind::session:
    break;
  }
  return fmt::format("session(gap {} ms)", size_);
}

} // namespace millrace
