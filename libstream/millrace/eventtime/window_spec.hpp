#pragma once

#include "millrace/eventtime/windowed.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string>

namespace millrace {

/// The windows of a `window_spec` that one event time belongs to, earliest first. Made by
/// `window_spec::assign`; a value type.
class window_range {
public:
  class iterator {
  public:
    using value_type = event_window;
    using difference_type = std::ptrdiff_t;

    iterator() = default;
    iterator(const window_range* of, std::size_t at) : of_{of}, at_{at} {}

    event_window operator*() const { return (*of_)[at_]; }
    iterator& operator++() {
      ++at_;
      return *this;
    }
    iterator operator++(int) { return {of_, at_++}; }
    friend bool operator==(const iterator& a, const iterator& b) { return a.at_ == b.at_; }

  private:
    const window_range* of_ = nullptr;
    std::size_t at_ = 0;
  };

  /// The windows of `size`, `slide` apart, that contain `t`; the latest starts `into` before `t`.
  window_range(event_time t, std::int64_t into, std::int64_t slide, std::int64_t size)
      : t_{t},
        into_{into},
        slide_{slide},
        size_{size},
        count_{static_cast<std::size_t>((size - into - 1) / slide + 1)} {}

  [[nodiscard]] std::size_t size() const { return count_; }

  [[nodiscard]] event_window operator[](std::size_t i) const {
    const std::int64_t before = into_ + static_cast<std::int64_t>(count_ - 1 - i) * slide_;
    return {saturating_subtract(t_, duration{before}),
            saturating_add(t_, duration{size_ - before})};
  }

  [[nodiscard]] event_window front() const { return (*this)[0]; }
  [[nodiscard]] event_window back() const { return (*this)[count_ - 1]; }

  /// How many windows end at `t` or before.
  [[nodiscard]] std::size_t ended_by(event_time t) const {
    const event_time first = front().end;
    if (first > t)
      return 0;
    return static_cast<std::size_t>(std::min<std::uint64_t>(
        count_, distance(first, t) / static_cast<std::uint64_t>(slide_) + 1));
  }

  [[nodiscard]] iterator begin() const { return {this, 0}; }
  [[nodiscard]] iterator end() const { return {this, count_}; }

private:
  event_time t_;
  std::int64_t into_;
  std::int64_t slide_;
  std::int64_t size_;
  std::size_t count_;
};

/// Which windows of event time a record belongs to. A value type; every window is [start, end).
///
/// Windows that would reach beyond 64 bits are cut off there; those never fire.
class window_spec {
  using here = std::source_location;

public:
  enum class kind { tumbling, sliding, session };

  /// The most windows that one record may belong to.
  static constexpr std::int64_t max_windows_per_record = 10'000;

  /// One window after the other: [offset + n * size, offset + (n + 1) * size). The offset may be
  /// any, also negative. All three throw stream_error(invalid_argument), with the place of the
  /// call, for what is not allowed.
  static window_spec tumbling(duration size, duration offset = {}, here site = here::current());

  /// A window of `size` every `slide`, so that most records belong to size / slide of them. The
  /// slide must not be longer than the size: records between the windows would be lost.
  static window_spec sliding(duration size, duration slide, duration offset = {},
                             here site = here::current());

  /// Per key, a window around all records that follow each other in less than `gap`: from the
  /// first one to `gap` after the last one. A record exactly `gap` after another begins a new
  /// session.
  static window_spec session(duration gap, here site = here::current());

  [[nodiscard]] kind type() const noexcept { return kind_; }
  [[nodiscard]] bool is_session() const noexcept { return kind_ == kind::session; }
  [[nodiscard]] duration size() const noexcept { return duration{size_}; }
  [[nodiscard]] duration slide() const noexcept { return duration{slide_}; }
  [[nodiscard]] duration offset() const noexcept { return duration{offset_}; }
  [[nodiscard]] duration gap() const noexcept { return duration{size_}; }

  /// All windows that contain `t`. Of a session: the window of a record that stands alone.
  [[nodiscard]] window_range assign(event_time t) const noexcept {
    return {t, kind_ == kind::session ? 0 : into_slide(t), slide_, size_};
  }

  /// The pane of `t`: the longest time around it in which no window starts or ends. All records of
  /// a pane belong to the same windows, and every window is a row of panes, at most two for each
  /// slide. Not for sessions.
  [[nodiscard]] event_window pane(event_time t) const noexcept;

  /// "tumbling(size 10 s)" and the like, for error messages and the plan.
  [[nodiscard]] std::string describe() const;

  friend bool operator==(const window_spec&, const window_spec&) = default;

private:
  window_spec(kind type, std::int64_t size, std::int64_t slide, std::int64_t offset)
      : kind_{type}, size_{size}, slide_{slide}, offset_{offset} {}

  /// How far `t` lies behind the latest start of a window; in [0, slide).
  [[nodiscard]] std::int64_t into_slide(event_time t) const noexcept {
    const std::int64_t in_grid = t.ms() % slide_;
    const std::int64_t into = (in_grid < 0 ? in_grid + slide_ : in_grid) - offset_;
    return into < 0 ? into + slide_ : into;
  }

  kind kind_;
  std::int64_t size_; // of a session: the gap
  std::int64_t slide_;
  std::int64_t offset_; // in [0, slide)
};

} // namespace millrace
