// error: the function of a reduction must return the type of its values
#include "millrace/flow/stream_context.hpp"

auto sum(const millrace::dstream<int>& numbers) {
  return numbers.reduce([](int a, int b) {
#ifdef MILLRACE_WRONG_FRACTION
    return (a + b) / 2.0;
#else
    return a + b;
#endif
  });
}
