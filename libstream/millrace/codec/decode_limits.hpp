#pragma once

#include <cstddef>

namespace millrace {

/// How much a decoder believes. Every limit is checked before memory is taken for what the bytes
/// announce. Larger values admit larger records and let a hostile peer cost more.
struct decode_limits {
  /// Arrays and maps within one another.
  std::size_t max_depth = 64;
  /// Items of one array or map. Also never more than the bytes that are left.
  std::size_t max_items = std::size_t{1} << 28U;
  /// Bytes of one text or byte string.
  std::size_t max_text_bytes = std::size_t{64} << 20U;
};

} // namespace millrace
