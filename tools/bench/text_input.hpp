#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::bench {

struct text_options {
  std::size_t bytes = 100'000'000; ///< stops at the first line end at or after this many
  std::size_t vocabulary = 5'000;  ///< distinct words that may occur, at least 1
  std::uint64_t seed = 1;
};

/// The benchmarks' text: lines of about 100 bytes and 15 words, words drawn from a vocabulary by
/// Zipf's law with exponent 1, one space between words, '\n' behind every line. Equal options give
/// equal bytes on every machine.
struct text_input {
  std::string bytes;
  std::size_t lines = 0;
  std::size_t words = 0;
};

text_input make_text(const text_options& options);

/// The lines of `bytes` without their '\n', as a text block holds its records.
std::vector<std::string_view> line_views(std::string_view bytes);

} // namespace millrace::bench
