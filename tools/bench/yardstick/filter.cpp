#include "yardstick/filter.hpp"

#include <cstring>

namespace millrace::bench {

namespace {

const char* line_end(const char* at, const char* end) {
  const void* found = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
  return found ? static_cast<const char*>(found) : end;
}

const char* find(const char* at, const char* end, std::string_view needle) {
  return static_cast<const char*>(
      ::memmem(at, static_cast<std::size_t>(end - at), needle.data(), needle.size()));
}

std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

} // namespace

filter_result filter_plain(std::string_view text, std::string_view needle) {
  filter_result result;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at < end;) {
    const char* const stop = line_end(at, end);
    if (find(at, stop, needle))
      result.add(between(at, stop), text.data());
    at = stop + 1;
  }
  return result;
}

filter_result filter_block(std::string_view text, std::string_view needle) {
  filter_result result;
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  for (const char* at = begin; at < end;) {
    const char* const hit = find(at, end, needle);
    if (!hit)
      break;
    const void* before = ::memrchr(at, '\n', static_cast<std::size_t>(hit - at));
    const char* const first = before ? static_cast<const char*>(before) + 1 : at;
    const char* const stop = line_end(hit, end);
    result.add(between(first, stop), begin);
    at = stop + 1;
  }
  return result;
}

} // namespace millrace::bench
