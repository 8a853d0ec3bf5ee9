#pragma once

#include "millrace/base/clock.hpp"
#include "millrace/base/random.hpp"

namespace millrace::actors {

/// The machine's clocks. Safe to read from any thread.
class system_clock final : public clock {
public:
  batch_time wall_now() const override;
  std::chrono::steady_clock::time_point steady_now() const override;
  /// Exact to less than the millisecond that `wall_now` is cut to.
  std::chrono::steady_clock::time_point steady_at(batch_time wall) const override;
};

/// A seed from the operating system's entropy; never 0.
std::uint64_t draw_seed();

} // namespace millrace::actors
