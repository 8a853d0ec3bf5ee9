#pragma once

#include <chrono>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace {

namespace detail {

/// Sum, difference and product of milliseconds; each throws `stream_error(limit_exceeded)` when the
/// answer does not fit 64 bits.
std::int64_t checked_add(std::int64_t a, std::int64_t b);
std::int64_t checked_subtract(std::int64_t a, std::int64_t b);
std::int64_t checked_multiply(std::int64_t a, std::int64_t b);
std::int64_t checked_multiply(std::int64_t a, std::uint64_t b);

} // namespace detail

/// A span of time in whole milliseconds, with the arithmetic of Spark's Duration. May be negative.
/// A value type for any thread. Made implicitly from every std::chrono duration that milliseconds
/// can hold exactly (so not from microseconds). Arithmetic that overflows throws
/// `stream_error(limit_exceeded)`; nothing wraps.
class duration {
public:
  constexpr duration() = default;

  constexpr explicit duration(std::int64_t ms) noexcept : ms_{ms} {}

  template <class Rep, class Period>
  requires std::is_convertible_v<std::chrono::duration<Rep, Period>, std::chrono::milliseconds>
  constexpr duration(std::chrono::duration<Rep, Period> d)
      : ms_{static_cast<std::int64_t>(std::chrono::milliseconds{d}.count())} {}

  [[nodiscard]] constexpr std::int64_t ms() const noexcept { return ms_; }

  [[nodiscard]] constexpr std::chrono::milliseconds chrono() const noexcept {
    return std::chrono::milliseconds{ms_};
  }

  [[nodiscard]] constexpr bool is_zero() const noexcept { return ms_ == 0; }

  /// Whether this is a whole number of `d`; false when `d` is zero.
  [[nodiscard]] constexpr bool is_multiple_of(duration d) const noexcept {
    return d.ms_ == -1 || (d.ms_ != 0 && ms_ % d.ms_ == 0);
  }

  [[nodiscard]] constexpr duration min(duration d) const noexcept {
    return d.ms_ < ms_ ? d : *this;
  }

  [[nodiscard]] constexpr duration max(duration d) const noexcept {
    return d.ms_ > ms_ ? d : *this;
  }

  friend constexpr auto operator<=>(duration, duration) noexcept = default;

  friend duration operator+(duration a, duration b) {
    return duration{detail::checked_add(a.ms_, b.ms_)};
  }

  friend duration operator-(duration a, duration b) {
    return duration{detail::checked_subtract(a.ms_, b.ms_)};
  }

  template <std::integral N>
  friend duration operator*(duration d, N times) {
    using wide = std::conditional_t<std::is_unsigned_v<N>, std::uint64_t, std::int64_t>;
    return duration{detail::checked_multiply(d.ms_, static_cast<wide>(times))};
  }

  /// How many times `b` fits into `a`, with the fraction. By zero: infinite or not a number.
  friend constexpr double operator/(duration a, duration b) noexcept {
    return static_cast<double>(a.ms_) / static_cast<double>(b.ms_);
  }

  template <class H>
  friend H AbslHashValue(H state, duration d) {
    return H::combine(std::move(state), d.ms_);
  }

private:
  std::int64_t ms_ = 0;
};

constexpr duration milliseconds(std::int64_t n) noexcept { return duration{n}; }

inline duration seconds(std::int64_t n) { return milliseconds(1'000) * n; }

inline duration minutes(std::int64_t n) { return milliseconds(60'000) * n; }

/// A point on the batch time line: milliseconds since the Unix epoch, with the arithmetic of
/// Spark's Time. A value type for any thread; overflow throws as for `duration`.
class batch_time {
public:
  /// The most points that `until` and `to` list; a longer list is an error, not an exhausted
  /// memory.
  static constexpr std::size_t max_listed = std::size_t{1} << 24U;

  constexpr batch_time() = default;

  constexpr explicit batch_time(std::int64_t ms) noexcept : ms_{ms} {}

  [[nodiscard]] constexpr std::int64_t ms() const noexcept { return ms_; }

  /// The latest multiple of `step` (counted from `zero`) that is not after this time. Unlike
  /// Spark's, which rounds towards zero, this rounds down before `zero` too: the answer is never
  /// after *this. Throws `stream_error(invalid_argument)` unless `step` is positive.
  [[nodiscard]] batch_time floor(duration step) const;
  [[nodiscard]] batch_time floor(duration step, batch_time zero) const;

  /// Whether the time since the epoch is a whole number of `d`; false when `d` is zero.
  [[nodiscard]] constexpr bool is_multiple_of(duration d) const noexcept {
    return duration{ms_}.is_multiple_of(d);
  }

  [[nodiscard]] constexpr batch_time min(batch_time t) const noexcept {
    return t.ms_ < ms_ ? t : *this;
  }

  [[nodiscard]] constexpr batch_time max(batch_time t) const noexcept {
    return t.ms_ > ms_ ? t : *this;
  }

  /// This time, and every `step` after it, before `end`. Empty when `end` is not later.
  /// Throws `stream_error`: invalid_argument unless `step` is positive, too_large over
  /// `max_listed`.
  [[nodiscard]] std::vector<batch_time> until(batch_time end, duration step) const;

  /// As `until`, with `end` itself listed when it is a whole number of steps away.
  [[nodiscard]] std::vector<batch_time> to(batch_time end, duration step) const;

  friend constexpr auto operator<=>(batch_time, batch_time) noexcept = default;

  friend batch_time operator+(batch_time t, duration d) {
    return batch_time{detail::checked_add(t.ms_, d.ms())};
  }

  friend batch_time operator-(batch_time t, duration d) {
    return batch_time{detail::checked_subtract(t.ms_, d.ms())};
  }

  friend duration operator-(batch_time a, batch_time b) {
    return duration{detail::checked_subtract(a.ms_, b.ms_)};
  }

  template <class H>
  friend H AbslHashValue(H state, batch_time t) {
    return H::combine(std::move(state), t.ms_);
  }

private:
  std::int64_t ms_ = 0;
};

/// The time between two points, Spark's Interval. A value type for any thread.
/// Order is defined between intervals of one length only; comparing others throws
/// `stream_error(invalid_argument)`. Equality is defined for all.
class interval {
public:
  constexpr interval(batch_time begin, batch_time end) noexcept : begin_{begin}, end_{end} {}

  /// The interval of length `d` on the grid of multiples of `d` that contains `now`.
  [[nodiscard]] static interval current_interval(millrace::duration d, batch_time now);

  [[nodiscard]] constexpr batch_time begin() const noexcept { return begin_; }

  [[nodiscard]] constexpr batch_time end() const noexcept { return end_; }

  [[nodiscard]] millrace::duration duration() const { return end_ - begin_; }

  friend constexpr bool operator==(const interval&, const interval&) noexcept = default;
  friend std::strong_ordering operator<=>(const interval& a, const interval& b);

  friend interval operator+(const interval& i, millrace::duration d) {
    return {i.begin_ + d, i.end_ + d};
  }

  friend interval operator-(const interval& i, millrace::duration d) {
    return {i.begin_ - d, i.end_ - d};
  }

private:
  batch_time begin_;
  batch_time end_;
};

/// "N ms"; for an interval "[B ms, E ms]".
std::string to_string(duration d);
std::string to_string(batch_time t);
std::string to_string(const interval& i);

/// For people, as Spark prints durations: "200 ms", "1.5 s", "2.0 min", "1.00 h".
std::string pretty_print(duration d);

std::ostream& operator<<(std::ostream& out, duration d);
std::ostream& operator<<(std::ostream& out, batch_time t);
std::ostream& operator<<(std::ostream& out, const interval& i);

} // namespace millrace

template <>
struct std::hash<millrace::duration> {
  std::size_t operator()(millrace::duration d) const noexcept {
    return std::hash<std::int64_t>{}(d.ms());
  }
};

template <>
struct std::hash<millrace::batch_time> {
  std::size_t operator()(millrace::batch_time t) const noexcept {
    return std::hash<std::int64_t>{}(t.ms());
  }
};
