#pragma once

#include "millrace/base/time.hpp"

namespace millrace {

/// When a window has a batch, and which batches are in it. A value type.
struct window_times {
  duration length; ///< A multiple of the parent's slide, as is the slide.
  duration slide;

  /// The window at `now` is (now - length, now].
  [[nodiscard]] bool is_over(batch_time then, batch_time now) const { return then + length <= now; }
  [[nodiscard]] bool slides_at(batch_time now, batch_time zero) const {
    return now > zero && (now - zero).is_multiple_of(slide);
  }
};

} // namespace millrace
