#pragma once

#include "serving/record_stream.hpp"

#include <cstddef>
#include <cstdint>

namespace millrace::apps {

/// What a generated text is made from: equal recipes give equal lines on every machine.
///
/// Lines have about 100 bytes and 15 words. Words are letters a to z, drawn by Zipf's law with
/// exponent 1, with one space between them.
struct text_recipe {
  /// How many lines; 0 is without end.
  std::uint64_t records = 0;
  /// How many different words may occur; at least 1.
  std::size_t vocabulary = 5'000;
  std::uint64_t seed = 1;
};

/// Each record a line with its `\n`.
record_stream make_text(const text_recipe& recipe);

/// The same lines without their `\n`, as `raw_socket_stream<std::string>` reads them: in frames of
/// at most 64 lines, each frame a length of 4 bytes, the highest first, and that many bytes of
/// encoded records.
record_stream make_raw(const text_recipe& recipe);

} // namespace millrace::apps
