#pragma once

#include "millrace/block/record_framer.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace {

/// Records are runs of `record_bytes` bytes, whatever is in them. A stream that ends within a
/// record is an error (`corrupt_data`) in Spark's words.
class fixed_framer final : public record_framer {
public:
  static constexpr std::size_t largest_record_bytes = std::size_t{1} << 30;

  /// Throws `stream_error(invalid_argument)` unless the length is in [1, largest_record_bytes].
  explicit fixed_framer(std::size_t record_bytes);

  result<frame_progress> feed(const char* base, std::uint32_t begin, std::uint32_t from,
                              std::uint32_t to, std::vector<text_slice>& out) override;

  result<void> finish(const char* base, std::uint32_t begin, std::uint32_t end,
                      std::vector<text_slice>& out) override;

private:
  std::uint32_t record_bytes_;
};

} // namespace millrace
