#include "millrace/window/window_history.hpp"

#include "millrace/base/error.hpp"

namespace millrace::detail {

duration checked_window_length(duration length) {
  if (length.ms() <= 0)
    throw stream_error(errc::invalid_argument,
                       "a window of " + to_string(length) + ": its length must be positive");
  return length;
}

void throw_batch_order(batch_time present, batch_time next) {
  throw stream_error(errc::illegal_state, "a window that has seen the batch of " +
                                              to_string(present) + " is given the batch of " +
                                              to_string(next) +
                                              ": batches must come in ascending order");
}

void throw_no_batch() {
  throw stream_error(errc::illegal_state,
                     "a window is given a value before a batch has been begun; begin the batch");
}

} // namespace millrace::detail
