#include "millrace/intake/line_framer.hpp"

#include <bit>
#include <cstring>
#include <string>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace millrace {

namespace {

#ifdef __SSE2__

/// Bit i is set if byte i of the 64 at `p` is a line feed.
std::uint64_t line_feeds(const char* p) {
  const auto lf = _mm_set1_epi8('\n');
  auto mask = std::uint64_t{0};
  for (int i = 0; i < 4; ++i) {
    const auto lane = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * i));
    const auto bits = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(lane, lf)));
    mask |= std::uint64_t{bits} << (16 * i);
  }
  return mask;
}

#endif

/// Calls `f(position)` for each line feed in [from, to) of `base`, in order. One comparison per 64
/// bytes beats one search per line, because most lines are short.
template <class F>
void for_each_line_feed(const char* base, std::uint32_t from, std::uint32_t to, F f) {
  auto at = from;
#ifdef __SSE2__
  for (; to - at >= 64; at += 64)
    for (auto mask = line_feeds(base + at); mask != 0; mask &= mask - 1)
      f(at + static_cast<std::uint32_t>(std::countr_zero(mask)));
#endif
  while (at < to) {
    const auto* found = static_cast<const char*>(std::memchr(base + at, '\n', to - at));
    if (found == nullptr)
      return;
    f(static_cast<std::uint32_t>(found - base));
    at = static_cast<std::uint32_t>(found - base) + 1;
  }
}

} // namespace

line_framer::line_framer(std::size_t max_record_bytes) : max_record_bytes_(max_record_bytes) {
  if (max_record_bytes == 0 || max_record_bytes > largest_max_record_bytes)
    throw stream_error(errc::invalid_argument,
                       "max_record_bytes is " + std::to_string(max_record_bytes) +
                           ": it must be from 1 to " + std::to_string(largest_max_record_bytes));
}

result<frame_progress> line_framer::feed(const char* base, std::uint32_t begin, std::uint32_t from,
                                         std::uint32_t to, std::vector<text_slice>& out) {
  auto at = from;
  if (skipping_) {
    const auto* found = static_cast<const char*>(std::memchr(base + from, '\n', to - from));
    const auto content =
        found != nullptr ? static_cast<std::size_t>(found - (base + from)) : std::size_t{to} - from;
    skip(base + from, content);
    if (found == nullptr) {
      offset_ += content;
      return frame_progress{from, from};
    }
    report_skipped();
    at = static_cast<std::uint32_t>(found - base) + 1;
    begin = at;
  }
  // Offset in the stream of arena position 0; wraps, as do the sums with it, if the arena's bytes
  // begin before the stream's.
  const auto origin = offset_ - from;
  for_each_line_feed(base, at, to, [&](std::uint32_t lf) {
    const auto cr = lf > begin && base[lf - 1] == '\r' ? 1U : 0U;
    close_line(begin, lf - cr, origin + begin, out);
    begin = lf + 1;
  });
  offset_ += to - from;
  // One byte over the limit may still turn out to be the '\r' of the terminator.
  if (to - begin > max_record_bytes_ + 1) {
    skipping_ = true;
    skipped_ = {.offset = origin + begin, .bytes = 0, .limit = max_record_bytes_};
    skip(base + begin, to - begin);
    return frame_progress{begin, begin};
  }
  return frame_progress{begin, to};
}

result<void> line_framer::finish(const char* base, std::uint32_t begin, std::uint32_t end,
                                 std::vector<text_slice>& out) {
  if (skipping_) {
    report_skipped();
  } else if (end > begin) {
    const auto cr = base[end - 1] == '\r' ? 1U : 0U;
    close_line(begin, end - cr, offset_ - (end - begin), out);
  }
  return {};
}

void line_framer::close_line(std::uint32_t begin, std::uint32_t end, std::uint64_t stream_offset,
                             std::vector<text_slice>& out) {
  if (end - begin <= max_record_bytes_)
    out.push_back({begin, end - begin});
  else
    report({.offset = stream_offset, .bytes = end - begin, .limit = max_record_bytes_});
}

void line_framer::skip(const char* bytes, std::size_t n) {
  if (n == 0)
    return;
  skipped_.bytes += n;
  skipped_cr_last_ = bytes[n - 1] == '\r';
}

void line_framer::report_skipped() {
  skipping_ = false;
  if (skipped_cr_last_)
    --skipped_.bytes;
  report(skipped_);
}

} // namespace millrace
