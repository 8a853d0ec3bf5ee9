// error: the function of a reduction must be callable with two of its values
#include "millrace/flow/stream_context.hpp"

auto sum(const millrace::dstream<std::pair<int, int>>& numbers) {
#ifdef MILLRACE_WRONG_ARITY
  return numbers.reduce_by_key([](int a) { return a; });
#else
  return numbers.reduce_by_key([](int a, int b) { return a + b; });
#endif
}
