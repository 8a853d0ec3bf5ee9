// error: records of a file outlive the bytes that it is read from and must own their text
#include "millrace/flow/stream_context.hpp"

#include <string>

#ifdef MILLRACE_WRONG_VIEW
using record = std::string_view;
#else
using record = std::string;
#endif

auto files(millrace::basic_stream_context& context) {
  return context.file_stream<record>("/in", [](const std::string&,
                                               std::span<const unsigned char> bytes) {
    return std::vector<record>{record(reinterpret_cast<const char*>(bytes.data()), bytes.size())};
  });
}
