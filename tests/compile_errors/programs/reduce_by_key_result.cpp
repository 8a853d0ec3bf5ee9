// error: the function of a reduction must return the type of its values
#include "millrace/flow/stream_context.hpp"

#include <functional>

#ifdef MILLRACE_WRONG_WIDER
auto sums(const millrace::dstream<std::pair<int, short>>& numbers) {
  return numbers.reduce_by_key(std::plus{}); // an int
}
#else
auto sums(const millrace::dstream<std::pair<int, short>>& numbers) {
  return numbers.reduce_by_key([](short a, short b) { return static_cast<short>(a + b); });
}
#endif
