#include "millrace/intake/length_framer.hpp"

#include <string>

namespace millrace {

namespace {

constexpr std::uint32_t header_bytes = 4;

std::int32_t read_length(const char* p) {
  auto value = std::uint32_t{0};
  for (std::uint32_t i = 0; i < header_bytes; ++i)
    value = value << 8 | static_cast<unsigned char>(p[i]);
  return static_cast<std::int32_t>(value);
}

std::string at_offset(std::uint64_t offset) {
  return "the frame at offset " + std::to_string(offset) + " of the stream";
}

} // namespace

length_framer::length_framer(std::size_t max_record_bytes) : max_record_bytes_(max_record_bytes) {
  if (max_record_bytes == 0 || max_record_bytes > largest_max_record_bytes)
    throw stream_error(errc::invalid_argument,
                       "max_record_bytes is " + std::to_string(max_record_bytes) +
                           ": it must be from 1 to " + std::to_string(largest_max_record_bytes));
}

result<frame_progress> length_framer::feed(const char* base, std::uint32_t begin,
                                           [[maybe_unused]] std::uint32_t from, std::uint32_t to,
                                           std::vector<text_slice>& out) {
  while (to - begin >= header_bytes) {
    const auto length = read_length(base + begin);
    if (length < 0)
      return fail(errc::corrupt_data, at_offset(offset_) + " announces " + std::to_string(length) +
                                          " bytes: a length is from 0 to " +
                                          std::to_string(max_record_bytes_) +
                                          "; does the sender write 4-byte big-endian lengths?");
    const auto size = static_cast<std::uint32_t>(length);
    if (size > max_record_bytes_)
      return fail(errc::too_large, at_offset(offset_) + " announces " + std::to_string(size) +
                                       " bytes, but max_record_bytes is " +
                                       std::to_string(max_record_bytes_) +
                                       ": raise it if such records are meant");
    if (to - begin - header_bytes < size)
      break;
    out.push_back({begin + header_bytes, size});
    begin += header_bytes + size;
    offset_ += header_bytes + size;
  }
  return frame_progress{begin, to};
}

result<void> length_framer::finish(const char* base, std::uint32_t begin, std::uint32_t end,
                                   std::vector<text_slice>&) {
  if (begin == end)
    return {};
  const auto seen = end - begin;
  if (seen < header_bytes)
    return fail(errc::end_of_stream, at_offset(offset_) + " is torn: the stream ended after " +
                                         std::to_string(seen) + " of 4 bytes of its length");
  return fail(errc::end_of_stream, at_offset(offset_) + " is torn: the stream ended after " +
                                       std::to_string(seen - header_bytes) + " of " +
                                       std::to_string(read_length(base + begin)) + " bytes");
}

} // namespace millrace
