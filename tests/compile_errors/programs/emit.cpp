// error: emit takes the element type of the new stream
#include "millrace/flow/stream_context.hpp"

#include <string>

using words = millrace::dstream<std::string_view>;

template <class Out, class F>
auto pieces(const words& from, F make) {
  return from.flat_map<Out>([make](std::string_view word, auto& emit) { emit(make(word)); });
}

auto exclaimed = [](std::string_view word) { return std::string(word) + "!"; };
auto half = [](std::string_view word) { return 0.5 * static_cast<double>(word.size()); };
auto counted = [](std::string_view word) { return std::pair(1, word.size()); };

#if defined(MILLRACE_WRONG_FRACTION)
auto wrong(const words& from) { return pieces<int>(from, half); }
#elif defined(MILLRACE_WRONG_VIEW)
auto wrong(const words& from) { return pieces<std::string_view>(from, exclaimed); }
#elif defined(MILLRACE_WRONG_PART)
auto wrong(const words& from) { return pieces<std::pair<int, int>>(from, counted); }
#else
auto right(const words& from) { return pieces<std::string>(from, exclaimed); }
auto parts(const words& from) { return pieces<std::pair<long, std::size_t>>(from, counted); }
#endif
