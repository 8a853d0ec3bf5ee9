#pragma once

#include "millrace/base/error.hpp"
#include "millrace/block/record_framer.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace {

/// Records are lines: ended by '\n', or by "\r\n" of which neither byte belongs to the record.
/// Every other byte is content, so NUL, a lone '\r' and invalid UTF-8 pass through. Each stream
/// that ends without a terminator gives its rest as the last record (a '\r' at the very end is
/// taken for a torn "\r\n").
/// A line of more than `max_record_bytes` is skipped to its end, counted and reported, without
/// keeping its bytes; the stream goes on. It never fails.
class line_framer final : public record_framer {
public:
  static constexpr std::size_t default_max_record_bytes = std::size_t{1} << 20;
  static constexpr std::size_t largest_max_record_bytes = std::size_t{1} << 30;

  /// Throws `stream_error(invalid_argument)` unless the limit is in [1, largest_max_record_bytes].
  explicit line_framer(std::size_t max_record_bytes = default_max_record_bytes);

  result<frame_progress> feed(const char* base, std::uint32_t begin, std::uint32_t from,
                              std::uint32_t to, std::vector<text_slice>& out) override;

  result<void> finish(const char* base, std::uint32_t begin, std::uint32_t end,
                      std::vector<text_slice>& out) override;

private:
  void close_line(std::uint32_t begin, std::uint32_t end, std::uint64_t stream_offset,
                  std::vector<text_slice>& out);
  void skip(const char* bytes, std::size_t n);
  void report_skipped();

  std::size_t max_record_bytes_;
  std::uint64_t offset_ = 0; // in the stream, of the next byte to be fed
  bool skipping_ = false;
  oversize_record skipped_;      // the line being skipped; its bytes so far
  bool skipped_cr_last_ = false; // its last byte so far was '\r'
};

} // namespace millrace
