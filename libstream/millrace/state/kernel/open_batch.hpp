#pragma once

#include "millrace/base/time.hpp"
#include "millrace/state/kernel/touch_mark.hpp"

#include <cstdint>
#include <optional>

namespace millrace::detail {

/// The batch that a state store is working on, if any, and the last one that it committed.
class open_batch {
public:
  /// Throws illegal_state if a batch is open or `time` is not after the last one.
  void check_begin(batch_time time) const;
  void begin(batch_time time) noexcept {
    now_ms_ = time.ms();
    open_ = true;
  }
  void commit() noexcept {
    last_ms_ = now_ms_;
    open_ = false;
  }
  void rollback() noexcept { open_ = false; }

  /// States of `time` have come from elsewhere: what follows must be later.
  void reach(batch_time time);

  /// Throw illegal_state: `what` is to be done during a batch, or between batches.
  void check_open(const char* what) const {
    if (!open_) [[unlikely]]
      throw_misplaced(what);
  }
  void check_closed(const char* what) const {
    if (open_) [[unlikely]]
      throw_misplaced(what);
  }

  bool is_open() const { return open_; }
  std::int64_t now_ms() const { return now_ms_; }
  std::int64_t last_ms() const { return last_ms_; }

private:
  [[noreturn]] void throw_misplaced(const char* what) const;

  bool open_ = false;
  std::int64_t now_ms_ = 0;
  std::int64_t last_ms_ = -touch_mark::most_ms;
};

/// The timeout in milliseconds, 0 for none. Throws invalid_argument if it is out of range.
std::int64_t checked_timeout_ms(std::optional<duration> timeout);

} // namespace millrace::detail
