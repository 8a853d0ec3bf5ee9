#include "millrace/files/fixed_framer.hpp"

#include <string>

namespace millrace {

fixed_framer::fixed_framer(std::size_t record_bytes)
    : record_bytes_{static_cast<std::uint32_t>(record_bytes)} {
  if (record_bytes == 0 || record_bytes > largest_record_bytes)
    throw stream_error(errc::invalid_argument, "recordLength is " + std::to_string(record_bytes) +
                                                   ": it must be from 1 to " +
                                                   std::to_string(largest_record_bytes));
}

result<frame_progress> fixed_framer::feed(const char*, std::uint32_t begin, std::uint32_t,
                                          std::uint32_t to, std::vector<text_slice>& out) {
  for (; to - begin >= record_bytes_; begin += record_bytes_)
    out.push_back({begin, record_bytes_});
  return frame_progress{begin, to};
}

result<void> fixed_framer::finish(const char*, std::uint32_t begin, std::uint32_t end,
                                  std::vector<text_slice>&) {
  if (begin == end)
    return {};
  return fail(errc::corrupt_data,
              "Byte array does not have correct length. " + std::to_string(end - begin) +
                  " did not equal recordLength: " + std::to_string(record_bytes_));
}

} // namespace millrace
