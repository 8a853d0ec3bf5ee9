// error: a state outlives its batch and must own its text
#include "millrace/flow/stream_context.hpp"

#ifdef MILLRACE_WRONG_VIEW
using last = std::string_view;
#else
using last = std::string;
#endif

auto latest(const millrace::dstream<std::pair<int, std::string_view>>& words) {
  return words.map_with_state(millrace::state_spec<last>(
      [](int, std::optional<std::string_view> word, millrace::state<last>& s) {
        s.update(last(word.value_or("")));
        return 0;
      }));
}
