#include "millrace/state/kernel/open_batch.hpp"

#include "millrace/base/error.hpp"

#include <algorithm>
#include <string>

namespace millrace::detail {

namespace {

void check_range(batch_time time) {
  if (time.ms() > touch_mark::most_ms || time.ms() < -touch_mark::most_ms)
    throw stream_error(errc::invalid_argument, "a batch of state at " + to_string(time) +
                                                   " is out of range: at most 2^60 ms from 0");
}

} // namespace

void open_batch::check_begin(batch_time time) const {
  check_range(time);
  if (open_)
    throw stream_error(errc::illegal_state, "a batch of state at " + to_string(time) +
                                                " begins while that of " +
                                                to_string(batch_time(now_ms_)) +
                                                " is open; commit it or roll it back first");
  if (time.ms() <= last_ms_)
    throw stream_error(errc::illegal_state, "a batch of state at " + to_string(time) +
                                                " is not after the last one, of " +
                                                to_string(batch_time(last_ms_)));
}

void open_batch::reach(batch_time time) {
  check_range(time);
  last_ms_ = std::max(last_ms_, time.ms());
}

void open_batch::throw_misplaced(const char* what) const {
  throw stream_error(errc::illegal_state,
                     open_ ? std::string(what) + " of a state store while the batch of " +
                                 to_string(batch_time(now_ms_)) +
                                 " is open; commit it or roll it back first"
                           : std::string(what) + " of a state store outside of a batch; "
                                                 "begin one first");
}

std::int64_t checked_timeout_ms(std::optional<duration> timeout) {
  if (!timeout)
    return 0;
  if (timeout->ms() < 0 || timeout->ms() > touch_mark::most_ms)
    throw stream_error(errc::invalid_argument, "the timeout of a state is " + to_string(*timeout) +
                                                   "; it must be from 0 to 2^60 ms");
  return timeout->ms();
}

} // namespace millrace::detail
