#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::apps {

struct feed_totals {
  std::uint64_t lines = 0;
  std::uint64_t words = 0;
  std::uint64_t bytes = 0;
};

/// Records as bytes, one after another, with the place where each of them ends.
class record_pool {
public:
  /// For the bytes of the next record.
  std::string& bytes() noexcept { return bytes_; }
  /// The record ends where the bytes end now. Bytes and words may be 2^32 - 1 altogether.
  void end_record(std::size_t words);

private:
  friend class record_stream;

  std::string bytes_;
  /// Behind record i: the bytes, and the words, from the beginning.
  std::vector<std::uint32_t> ends_;
  std::vector<std::uint32_t> words_;
};

/// What a source sends, addressed by byte offset; the bytes behind an offset are the same for
/// everybody who reads them. Immutable once made: any number of threads may read it.
///
/// Only the first `pool_records` records are kept; a longer stream repeats them, so that sending is
/// never slower than copying.
class record_stream {
public:
  static constexpr std::uint64_t pool_records = 65'536;
  static constexpr std::uint64_t endless = std::numeric_limits<std::uint64_t>::max();

  /// How many records the pool of a stream of so many records holds.
  static constexpr std::uint64_t kept(std::uint64_t records) noexcept {
    return records == 0 || records > pool_records ? pool_records : records;
  }

  /// `pool` holds `kept(records)` records; 0 records are a stream without end.
  record_stream(record_pool pool, std::uint64_t records);

  /// In bytes, or `endless`.
  std::uint64_t size() const noexcept { return size_; }
  /// The offset behind that many records; at most `size()`.
  std::uint64_t end_of(std::uint64_t records) const noexcept;
  /// The bytes at an offset below `size()`: at least one, and as many as lie together in memory.
  std::string_view from(std::uint64_t offset) const noexcept;
  /// What the first `bytes` bytes contain; a record counts, with its words, when it is whole.
  feed_totals totals(std::uint64_t bytes) const noexcept;

private:
  record_pool pool_;
  std::uint64_t size_ = endless;
};

} // namespace millrace::apps
