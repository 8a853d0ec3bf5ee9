#include "millrace/intake/token_bucket.hpp"

#include "millrace/base/error.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace millrace {

token_bucket::token_bucket(token_bucket_options options, time_point now)
    : max_rate_(options.max_rate), rate_(0), updated_(now) {
  if (!(options.initial_rate > 0))
    throw stream_error(errc::invalid_argument, "the initial rate is " +
                                                   std::to_string(options.initial_rate) +
                                                   " records per second: it must be positive");
  rate_ = capped(options.initial_rate);
}

std::chrono::nanoseconds token_bucket::reserve(std::uint64_t n, time_point now) {
  accrue(now);
  if (!limited())
    return std::chrono::nanoseconds::zero();
  permits_ -= static_cast<double>(n);
  if (permits_ >= 0)
    return std::chrono::nanoseconds::zero();
  // Counted from the caller's `now`, which may lie before the time the bucket has come to.
  const auto wait_ns = std::ceil(-permits_ / rate_ * 1e9) +
                       static_cast<double>(std::chrono::nanoseconds{updated_ - now}.count());
  // About 146 years: far from overflow when added to any time point.
  constexpr auto longest_ns = std::numeric_limits<std::int64_t>::max() / 2;
  if (wait_ns >= static_cast<double>(longest_ns))
    return std::chrono::nanoseconds{longest_ns};
  return std::chrono::nanoseconds{static_cast<std::int64_t>(wait_ns)};
}

void token_bucket::update_rate(double rate, time_point now) {
  if (!(rate > 0))
    return;
  accrue(now);
  rate_ = capped(rate);
  permits_ = limited() ? std::min(permits_, rate_) : 0;
}

std::int64_t token_bucket::current_limit() const noexcept {
  return limited() ? static_cast<std::int64_t>(rate_) : no_limit;
}

double token_bucket::capped(double rate) const noexcept {
  return max_rate_ > 0 ? std::min(rate, max_rate_) : rate;
}

bool token_bucket::limited() const noexcept {
  // Rates that no 64-bit count can express are no limit to anyone.
  return rate_ < 9.2e18;
}

void token_bucket::accrue(time_point now) {
  if (now <= updated_)
    return;
  const auto elapsed_s = std::chrono::duration<double>(now - updated_).count();
  updated_ = now;
  if (limited())
    permits_ = std::min(rate_, permits_ + elapsed_s * rate_);
}

} // namespace millrace
