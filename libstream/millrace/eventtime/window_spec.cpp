#include "millrace/eventtime/window_spec.hpp"

#include "millrace/base/error.hpp"
#include "millrace/base/source_site.hpp"

#include <fmt/format.h>

namespace millrace {

namespace {

/// Where windows are made: in messages "window_spec::tumbling at file.cpp:12".
struct maker {
  const char* name;
  const std::source_location& site;

  [[noreturn]] void refuse(const std::string& why) const {
    throw stream_error{errc::invalid_argument, fmt::format("window_spec::{} at {}: {}", name,
                                                           to_string(source_site{site}), why)};
  }

  void require_positive(duration d, const char* what) const {
    if (d.ms() <= 0)
      refuse(fmt::format("the {} must be positive, but is {} ms", what, d.ms()));
  }
};

/// The same grid with an offset in [0, slide).
std::int64_t normalised(duration offset, duration slide) {
  const std::int64_t rest = offset.ms() % slide.ms();
  return rest < 0 ? rest + slide.ms() : rest;
}

} // namespace

window_spec window_spec::tumbling(duration size, duration offset, here site) {
  maker{"tumbling", site}.require_positive(size, "size");
  return {kind::tumbling, size.ms(), size.ms(), normalised(offset, size)};
}

window_spec window_spec::sliding(duration size, duration slide, duration offset, here site) {
  const maker who{"sliding", site};
  who.require_positive(size, "size");
  who.require_positive(slide, "slide");
  if (slide > size)
    who.refuse(fmt::format("the slide of {} ms is longer than the size of {} ms, so that records "
                           "between the windows would be lost; use a slide of at most the size, or "
                           "filter the stream first",
                           slide.ms(), size.ms()));
  if ((size.ms() - 1) / slide.ms() + 1 > max_windows_per_record)
    who.refuse(fmt::format("with a size of {} ms and a slide of {} ms a record belongs to {} "
                           "windows, but at most {} are allowed; use a longer slide",
                           size.ms(), slide.ms(), (size.ms() - 1) / slide.ms() + 1,
                           max_windows_per_record));
  return {kind::sliding, size.ms(), slide.ms(), normalised(offset, slide)};
}

window_spec window_spec::session(duration gap, here site) {
  maker{"session", site}.require_positive(gap, "gap");
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
