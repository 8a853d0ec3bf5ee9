// error: emit takes the element type of the new stream
#include "millrace/flow/stream_context.hpp"

#include <string>

template <class Out>
auto pieces(const millrace::dstream<std::string_view>& words) {
  return words.flat_map<Out>([](std::string_view word, auto& emit) {
#if defined(MILLRACE_WRONG_FRACTION)
    emit(0.5 * static_cast<double>(word.size()));
#else
    emit(std::string(word) + "!");
#endif
  });
}

#if defined(MILLRACE_WRONG_FRACTION)
auto wrong(const millrace::dstream<std::string_view>& words) { return pieces<int>(words); }
#elif defined(MILLRACE_WRONG_VIEW)
auto wrong(const millrace::dstream<std::string_view>& words) {
  return pieces<std::string_view>(words);
}
#else
auto right(const millrace::dstream<std::string_view>& words) { return pieces<std::string>(words); }
#endif
