#pragma once

#include "millrace/base/time.hpp"

#include <cstdint>
#include <optional>

namespace millrace {

/// What is to be said of something that happens again and again.
struct repeat_notice {
  enum class kind {
    begins, ///< It has happened for the first time.
    lasts,  ///< It was spoken of a minute ago, and has gone on since.
    over,   ///< It has ended, or has not happened for a minute.
  };
  kind what = kind::begins;
  std::uint64_t times = 0;  ///< How often since the last notice.
  std::uint64_t total = 0;  ///< How often since it began.
  duration since_notice;    ///< The time since the last notice.
  duration since_begin;     ///< The time since it began.
  duration since_last_time; ///< The time since it last happened.

  friend bool operator==(const repeat_notice&, const repeat_notice&) = default;
};

/// Decides when to speak of something that may happen without bound: when it begins, once a minute
/// while it goes on, and when it is over. So the lines of a log do not become as many as the
/// events, and every event is counted in one notice. Times must not go back. A value of one owner.
class repeated_warning {
public:
  /// The time between two notices while it lasts, and without an event until it is over.
  static constexpr duration period{60'000};

  /// It has happened `times` times at `now`.
  [[nodiscard]] std::optional<repeat_notice> happened(batch_time now, std::uint64_t times = 1);

  /// Looks at the time. Nothing is said of the end of what has happened only once.
  [[nodiscard]] std::optional<repeat_notice> look(batch_time now);

  /// It is over by other knowledge than time. Nothing if it has not begun.
  [[nodiscard]] std::optional<repeat_notice> end(batch_time now);

  /// Between beginning and end.
  [[nodiscard]] bool lasting() const noexcept { return total_ != 0; }

private:
  repeat_notice notice(repeat_notice::kind what, batch_time now);

  std::uint64_t untold_ = 0;
  std::uint64_t total_ = 0; ///< 0: it has not begun.
  batch_time began_;
  batch_time told_;
  batch_time last_;
};

} // namespace millrace
