#pragma once

#include "millrace/base/error.hpp"
#include "millrace/block/record_framer.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace {

/// Records are frames: four bytes of length (signed, big-endian) and then that many bytes.
/// A length that is negative (`corrupt_data`) or over `max_record_bytes` (`too_large`), and a
/// stream that ends within a frame (`end_of_stream`), are errors with the offset of the frame:
/// without a good length the next frame cannot be found, so the connection is of no more use. No
/// memory is reserved on the word of a length.
class length_framer final : public record_framer {
public:
  static constexpr std::size_t default_max_record_bytes = std::size_t{1} << 20;
  static constexpr std::size_t largest_max_record_bytes = std::size_t{1} << 30;

  /// Throws `stream_error(invalid_argument)` unless the limit is in [1, largest_max_record_bytes].
  explicit length_framer(std::size_t max_record_bytes = default_max_record_bytes);

  result<frame_progress> feed(const char* base, std::uint32_t begin, std::uint32_t from,
                              std::uint32_t to, std::vector<text_slice>& out) override;

  result<void> finish(const char* base, std::uint32_t begin, std::uint32_t end,
                      std::vector<text_slice>& out) override;

private:
  std::size_t max_record_bytes_;
  std::uint64_t offset_ = 0; // in the stream, of the frame that is not complete yet
};

} // namespace millrace
