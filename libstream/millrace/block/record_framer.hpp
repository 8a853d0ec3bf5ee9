#pragma once

#include "millrace/base/error.hpp"
#include "millrace/block/text_block.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace millrace {

/// A record that was left out of the stream because it is longer than allowed.
struct oversize_record {
  /// Of its first byte, counted from the start of the stream.
  std::uint64_t offset = 0;
  /// Its whole length without its terminator.
  std::uint64_t bytes = 0;
  std::uint64_t limit = 0;
};

/// How far a framer has got: [begin, end) are the bytes of the record that is not complete yet.
struct frame_progress {
  std::uint32_t begin = 0;
  /// Bytes from here on are not needed any more; the next ones may be written here. It is less
  /// than the end of what was fed only while an oversize record is being skipped.
  std::uint32_t end = 0;
};

/// Finds the records in a stream of bytes; one virtual call per read, never one per record.
/// Owned by one `text_assembler` and called on its thread only. Each framer serves one stream
/// from its first byte to its last (a new connection needs a new one).
/// Oversize records that can be skipped are counted, and the first few between two calls of
/// `take_oversize` are kept for the report (`max_reports`). An error from `feed` or `finish`
/// means that the stream cannot be framed any further; the records put out before it are good.
class record_framer {
public:
  static constexpr std::size_t max_reports = 16;

  record_framer() = default;
  record_framer(const record_framer&) = delete;
  record_framer& operator=(const record_framer&) = delete;
  virtual ~record_framer() = default;

  /// [begin, from) are bytes of the unfinished record, seen before (possibly moved since);
  /// [from, to) are new. Appends to `out` the records completed by the new bytes, in order.
  virtual result<frame_progress> feed(const char* base, std::uint32_t begin, std::uint32_t from,
                                      std::uint32_t to, std::vector<text_slice>& out) = 0;

  /// The stream has ended; [begin, end) is what `feed` left unfinished.
  virtual result<void> finish(const char* base, std::uint32_t begin, std::uint32_t end,
                              std::vector<text_slice>& out) = 0;

  /// All oversize records since the start of the stream.
  std::uint64_t oversize_count() const noexcept { return oversize_count_; }

  /// The first `max_reports` oversize records since the last call.
  std::vector<oversize_record> take_oversize() { return std::exchange(oversize_, {}); }

protected:
  void report(oversize_record record) {
    ++oversize_count_;
    if (oversize_.size() < max_reports)
      oversize_.push_back(record);
  }

private:
  std::uint64_t oversize_count_ = 0;
  std::vector<oversize_record> oversize_;
};

} // namespace millrace
