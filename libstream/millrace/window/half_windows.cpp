#include "millrace/window/half_windows.hpp"

namespace millrace::detail {

std::size_t half_windows::share(std::size_t remaining, batch_time oldest, batch_time before,
                                batch_time now) const {
  if (expired(oldest, now))
    return remaining;
  const std::int64_t left = (window_ - (now - oldest)).ms();
  const std::int64_t step = (now - before).ms();
  const auto batches = static_cast<std::size_t>((left - 1) / step + 1);
  return remaining / batches + (remaining % batches != 0 ? 1 : 0);
}

} // namespace millrace::detail
