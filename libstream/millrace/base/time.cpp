#include "millrace/base/time.hpp"

#include "millrace/base/error.hpp"

#include <ostream>

#include <fmt/format.h>

namespace millrace {

namespace {

template <class N>
[[noreturn]] void overflow(std::int64_t a, char operation, N b) {
  throw stream_error{
      errc::limit_exceeded,
      fmt::format("time arithmetic: {} ms {} {} does not fit 64 bits", a, operation, b)};
}

void require_positive(duration step, const char* operation) {
  if (step.ms() <= 0)
    throw stream_error{
        errc::invalid_argument,
        fmt::format("{}: the step must be positive, but is {} ms", operation, step.ms())};
}

std::vector<batch_time> list_times(batch_time begin, batch_time end, duration step, bool closed,
                                   const char* operation) {
  require_positive(step, operation);
  std::vector<batch_time> times;
  if (begin > end || (begin == end && !closed))
    return times;
  // Unsigned, because the distance between two 64-bit times may need the 64th bit.
  const auto distance =
      static_cast<std::uint64_t>(end.ms()) - static_cast<std::uint64_t>(begin.ms());
  const auto last = (closed ? distance : distance - 1) / static_cast<std::uint64_t>(step.ms());
  if (last >= batch_time::max_listed)
    throw stream_error{errc::too_large,
                       fmt::format("{}: from {} ms to {} ms in steps of {} ms is a list of more "
                                   "than {} times; use a longer step",
                                   operation, begin.ms(), end.ms(), step.ms(),
                                   batch_time::max_listed)};
  times.reserve(last + 1);
  auto at = static_cast<std::uint64_t>(begin.ms());
  for (std::uint64_t i = 0; i <= last; ++i, at += static_cast<std::uint64_t>(step.ms()))
    times.emplace_back(static_cast<std::int64_t>(at));
  return times;
}

} // namespace

namespace detail {

std::int64_t checked_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum))
    overflow(a, '+', b);
  return sum;
}

std::int64_t checked_subtract(std::int64_t a, std::int64_t b) {
  std::int64_t difference = 0;
  if (__builtin_sub_overflow(a, b, &difference))
    overflow(a, '-', b);
  return difference;
}

std::int64_t checked_multiply(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product))
    overflow(a, '*', b);
  return product;
}

std::int64_t checked_multiply(std::int64_t a, std::uint64_t b) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product))
    overflow(a, '*', b);
  return product;
}

} // namespace detail

batch_time batch_time::floor(duration step) const { return floor(step, batch_time{0}); }

batch_time batch_time::floor(duration step, batch_time zero) const {
  require_positive(step, "batch_time::floor");
  auto past = (*this - zero).ms() % step.ms();
  if (past < 0)
    past += step.ms();
  return *this - duration{past};
}

std::vector<batch_time> batch_time::until(batch_time end, duration step) const {
  return list_times(*this, end, step, false, "batch_time::until");
}

std::vector<batch_time> batch_time::to(batch_time end, duration step) const {
  return list_times(*this, end, step, true, "batch_time::to");
}

interval interval::current_interval(millrace::duration d, batch_time now) {
  const auto begin = now.floor(d);
  return {begin, begin + d};
}

std::strong_ordering operator<=>(const interval& a, const interval& b) {
  if (a.duration() != b.duration())
    throw stream_error{errc::invalid_argument,
                       "Comparing two intervals with different durations [" + to_string(a) + ", " +
                           to_string(b) + "]"};
  return a.end_ <=> b.end_;
}

std::string to_string(duration d) { return fmt::format("{} ms", d.ms()); }

std::string to_string(batch_time t) { return fmt::format("{} ms", t.ms()); }

std::string to_string(const interval& i) {
  return fmt::format("[{} ms, {} ms]", i.begin().ms(), i.end().ms());
}

std::string pretty_print(duration d) {
  const auto ms = d.ms();
  if (ms < 1'000)
    return fmt::format("{} ms", ms);
  const auto real = static_cast<double>(ms);
  if (ms < 60'000)
    return fmt::format("{:.1f} s", real / 1'000);
  if (ms < 3'600'000)
    return fmt::format("{:.1f} min", real / 60'000);
  return fmt::format("{:.2f} h", real / 3'600'000);
}

std::ostream& operator<<(std::ostream& out, duration d) { return out << to_string(d); }

std::ostream& operator<<(std::ostream& out, batch_time t) { return out << to_string(t); }

std::ostream& operator<<(std::ostream& out, const interval& i) { return out << to_string(i); }

} // namespace millrace
