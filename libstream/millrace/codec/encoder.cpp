#include "millrace/codec/encoder.hpp"

#include "millrace/base/error.hpp"

#include <bit>
#include <limits>
#include <string>

#include <msgpack/pack.hpp>

namespace millrace {

namespace {

/// What the packer writes to.
struct byte_sink {
  bytes& out;

  void write(const char* data, std::size_t n) { out.insert(out.end(), data, data + n); }
};

std::uint32_t checked_size(std::size_t n, const char* what) {
  if (n > std::numeric_limits<std::uint32_t>::max())
    throw stream_error{errc::too_large, std::string{"cannot encode "} + what + " of " +
                                            std::to_string(n) +
                                            ": MessagePack holds at most 4294967295"};
  return static_cast<std::uint32_t>(n);
}

const char* as_chars(const unsigned char* data) noexcept {
  return reinterpret_cast<const char*>(data);
}

template <class Write>
void pack(bytes& buffer, Write write) {
  byte_sink sink{buffer};
  msgpack::packer<byte_sink> packer{sink};
  write(packer);
}

constexpr unsigned char float32_head = 0xca;
constexpr unsigned char float64_head = 0xcb;

/// Floating-point numbers are not left to the packer: it writes whole ones as integers, and so
/// loses the type of the number and the sign of zero.
template <class Bits>
void append_big_endian(bytes& out, unsigned char head, Bits bits) {
  out.push_back(head);
  for (unsigned shift = 8 * sizeof(Bits); shift != 0;) {
    shift -= 8;
    out.push_back(static_cast<unsigned char>(bits >> shift));
  }
}

} // namespace

void encoder::write_nil() {
  pack(buffer_, [](auto& p) { p.pack_nil(); });
}

void encoder::write_bool(bool value) {
  pack(buffer_, [=](auto& p) { value ? p.pack_true() : p.pack_false(); });
}

void encoder::write_signed(std::int64_t value) {
  pack(buffer_, [=](auto& p) { p.pack_int64(value); });
}

void encoder::write_unsigned(std::uint64_t value) {
  pack(buffer_, [=](auto& p) { p.pack_uint64(value); });
}

void encoder::write_float(float value) {
  append_big_endian(buffer_, float32_head, std::bit_cast<std::uint32_t>(value));
}

void encoder::write_double(double value) {
  append_big_endian(buffer_, float64_head, std::bit_cast<std::uint64_t>(value));
}

void encoder::write_text(std::string_view value) {
  const auto n = checked_size(value.size(), "a text");
  pack(buffer_, [=](auto& p) { p.pack_str(n).pack_str_body(value.data(), n); });
}

void encoder::write_bytes(std::span<const unsigned char> value) {
  const auto n = checked_size(value.size(), "a byte string");
  pack(buffer_, [=](auto& p) { p.pack_bin(n).pack_bin_body(as_chars(value.data()), n); });
}

void encoder::begin_array(std::size_t items) {
  const auto n = checked_size(items, "an array");
  pack(buffer_, [=](auto& p) { p.pack_array(n); });
}

void encoder::begin_map(std::size_t items) {
  const auto n = checked_size(items, "a map");
  pack(buffer_, [=](auto& p) { p.pack_map(n); });
}

} // namespace millrace
