// error: the function of update_state_by_key<S> must return an optional<S> or an S
#include "millrace/flow/stream_context.hpp"

auto totals(const millrace::dstream<std::pair<int, int>>& numbers) {
  return numbers.update_state_by_key<int>([](std::vector<int> values, std::optional<int> old) {
#ifdef MILLRACE_WRONG_FRACTION
    return std::optional(old.value_or(0) + 0.5 * static_cast<double>(values.size()));
#else
    return old.value_or(0) + static_cast<int>(values.size());
#endif
  });
}
