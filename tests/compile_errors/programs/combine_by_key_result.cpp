// error: merge_value and merge_combiners must return the type that create returns
#include "millrace/flow/stream_context.hpp"

#include <string>
#include <string_view>

#ifdef MILLRACE_WRONG_FRACTION
using combiner = int;
#else
using combiner = double;
#endif

auto means(const millrace::dstream<std::pair<int, int>>& numbers) {
  return numbers.combine_by_key([](int v) { return combiner(v); },
                                [](combiner c, int v) { return (c + v) / 2.0; },
                                [](combiner a, combiner b) { return (a + b) / 2.0; });
}

#ifdef MILLRACE_WRONG_VIEW
using joined = std::string_view;
#else
using joined = std::string;
#endif

auto texts(const millrace::dstream<std::pair<int, std::string_view>>& words) {
  auto merge = [](std::string_view a, std::string_view b) {
    return std::string(a) + std::string(b);
  };
  return words.combine_by_key([](std::string_view v) { return joined(v); }, merge, merge);
}
