#pragma once

#include "millrace/base/error.hpp"
#include "millrace/codec/decode_limits.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace millrace {

/// Reads values one by one from MessagePack bytes that may be cut, damaged or hostile: every read
/// gives a value or an error that names the offset (corrupt_data, or too_large over a limit), and
/// none throws, reads past the end or takes memory. One owner, one thread at a time; the bytes must
/// outlive the decoder and every view it gives out. After an error the position is unspecified and
/// the decoder is of no more use.
/// Not built on msgpack-c's parser: that one pushes events and allocates a stack for each call,
/// while a codec pulls the next value of the type it expects.
class decoder {
public:
  explicit decoder(std::span<const unsigned char> data, decode_limits limits = {}) noexcept
      : data_{data}, limits_{limits} {}

  /// Whether the next value is nil; reads nothing.
  [[nodiscard]] bool next_is_nil() const noexcept;

  result<void> read_nil();
  result<bool> read_bool();

  /// Any integer that fits, whichever form it was written in.
  result<std::int64_t> read_signed();
  result<std::uint64_t> read_unsigned();

  result<float> read_float();

  /// A float is read too: nothing is lost by it.
  result<double> read_double();

  result<std::string_view> read_text();
  result<std::span<const unsigned char>> read_bytes();

  /// The number of items that follow; at least one byte is left for each. Call `leave` after them.
  result<std::size_t> enter_array();

  /// The number of key and value pairs that follow; at least two bytes are left for each. Call
  /// `leave` after them.
  result<std::size_t> enter_map();

  /// Ends the array or map entered last.
  void leave() noexcept { --depth_; }

  /// As `enter_array` for an array that must have exactly `items`; `what` is for the error.
  result<void> enter_array_of(std::size_t items, std::string_view what);

  /// Passes over one value of any kind, with everything in it.
  result<void> skip();

  /// An error unless all bytes have been read.
  [[nodiscard]] result<void> expect_end() const;

  /// corrupt_data at the present offset, for a codec that finds a value it cannot take.
  [[nodiscard]] tl::unexpected<error> corrupt(std::string_view why) const;

  [[nodiscard]] std::size_t offset() const noexcept { return at_; }

  [[nodiscard]] std::size_t remaining() const noexcept { return data_.size() - at_; }

private:
  struct head;

  result<head> read_head();
  result<std::span<const unsigned char>> read_body(std::uint64_t n);
  result<std::size_t> enter(std::uint64_t items, std::uint64_t bytes_per_item);
  tl::unexpected<error> unexpected_kind(const head& found, std::string_view wanted);

  std::span<const unsigned char> data_;
  decode_limits limits_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
};

} // namespace millrace
