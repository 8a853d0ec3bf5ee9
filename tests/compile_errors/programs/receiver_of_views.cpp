// error: records of a receiver outlive the call that stores them and must own their text
#include "millrace/flow/stream_context.hpp"

#include <string>

#ifdef MILLRACE_WRONG_VIEW
using record = std::pair<std::string_view, int>;
#else
using record = std::pair<std::string, int>;
#endif

struct source final : millrace::receiver<record> {
  void on_start() override { store(record{"a", 1}); }
  void on_stop() override {}
};

auto received(millrace::basic_stream_context& context) {
  return context.receiver_stream([] { return std::make_shared<source>(); });
}
