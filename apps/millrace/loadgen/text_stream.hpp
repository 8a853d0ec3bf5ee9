#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::apps {

/// What a generated text is made from: equal recipes give equal bytes on every machine.
struct text_recipe {
  /// How many records; 0 is without end.
  std::uint64_t records = 0;
  /// How many different words may occur; at least 1.
  std::size_t vocabulary = 5'000;
  std::uint64_t seed = 1;
};

struct text_totals {
  std::uint64_t lines = 0;
  std::uint64_t words = 0;
  std::uint64_t bytes = 0;
};

/// A text of lines of about 100 bytes and 15 words, each line a record. Words are letters a to z,
/// drawn by Zipf's law with exponent 1, with one space between them. Addressed by byte offset; the
/// text behind an offset is the same for everybody who reads it. Immutable once made: any number of
/// threads may read it.
///
/// Only the first `pool_records` records are drawn and kept (about 7 MB); a longer text repeats
/// them, so that sending is never slower than copying.
class text_stream {
public:
  static constexpr std::uint64_t pool_records = 65'536;
  static constexpr std::uint64_t endless = std::numeric_limits<std::uint64_t>::max();

  explicit text_stream(const text_recipe& recipe);

  /// In bytes, or `endless`.
  std::uint64_t size() const noexcept { return size_; }
  /// The offset behind that many records; at most `size()`.
  std::uint64_t end_of(std::uint64_t records) const noexcept;
  /// The bytes at an offset below `size()`: at least one, and as many as lie together in memory.
  std::string_view from(std::uint64_t offset) const noexcept;
  /// What the first `bytes` bytes contain; a record counts, with its words, when it is whole.
  text_totals totals(std::uint64_t bytes) const noexcept;

private:
  std::string pool_;
  /// Behind record i: the bytes, and the words, from the beginning of the pool.
  std::vector<std::uint32_t> ends_;
  std::vector<std::uint32_t> words_;
  std::uint64_t size_;
};

} // namespace millrace::apps
