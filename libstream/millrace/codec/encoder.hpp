#pragma once

#include "millrace/codec/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace millrace {

/// Appends values to a byte buffer as MessagePack. One owner, one thread at a time. Every integer
/// and length takes the shortest form, so equal values give equal bytes; floating-point numbers
/// keep their type and all their bits. Text, byte strings, arrays and maps hold at most 2^32 - 1
/// bytes or items; more throws `stream_error(too_large)` before anything is written.
class encoder {
public:
  encoder() = default;

  /// Appends to `start`.
  explicit encoder(bytes start) noexcept : buffer_{std::move(start)} {}

  void write_nil();
  void write_bool(bool value);
  void write_signed(std::int64_t value);
  void write_unsigned(std::uint64_t value);
  void write_float(float value);
  void write_double(double value);
  void write_text(std::string_view value);
  void write_bytes(std::span<const unsigned char> value);

  /// Announces an array; exactly `items` values must follow.
  void begin_array(std::size_t items);

  /// Announces a map; exactly `items` keys, each followed by its value, must follow.
  void begin_map(std::size_t items);

  [[nodiscard]] const bytes& buffer() const noexcept { return buffer_; }

  /// Hands the bytes over and starts again with none.
  [[nodiscard]] bytes take() noexcept { return std::exchange(buffer_, {}); }

private:
  bytes buffer_;
};

} // namespace millrace
