#include "yardstick/socket.hpp"

#include "yardstick/text_server.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <unistd.h>
#include <vector>

namespace millrace::bench {

namespace {

struct line_place {
  std::uint32_t begin;
  std::uint32_t size;
};

/// Notes the whole lines of `text` and returns what follows the last of them.
std::string_view note_lines(std::string_view text, std::vector<line_place>& lines) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (const void* found = std::memchr(at, '\n', static_cast<std::size_t>(end - at))) {
    const char* const stop = static_cast<const char*>(found);
    lines.push_back(
        {static_cast<std::uint32_t>(at - text.data()), static_cast<std::uint32_t>(stop - at)});
    at = stop + 1;
  }
  return {at, static_cast<std::size_t>(end - at)};
}

void add(owned_counts& total, const word_counts& some) {
  for (auto& [word, count] : some)
    total[std::string{word}] += count;
}

} // namespace

std::uint64_t socket_lines(std::uint16_t port) {
  constexpr std::size_t size = 256 * 1024;
  const auto buffer = std::make_unique_for_overwrite<char[]>(2 * size);
  std::vector<line_place> lines;
  std::uint64_t total = 0;
  std::size_t kept = 0;
  const int fd = connect_to(port);
  for (;;) {
    const auto got = ::read(fd, buffer.get() + kept, size);
    if (got <= 0)
      break;
    lines.clear();
    const auto rest = note_lines({buffer.get(), kept + static_cast<std::size_t>(got)}, lines);
    total += lines.size();
    kept = rest.size();
    std::memmove(buffer.get(), rest.data(), kept);
  }
  ::close(fd);
  return total;
}

owned_counts socket_words(std::uint16_t port, word_counts (*count)(std::string_view)) {
  constexpr std::size_t size = std::size_t{16} << 20;
  const auto buffer = std::make_unique_for_overwrite<char[]>(size);
  owned_counts total;
  std::size_t filled = 0;
  const int fd = connect_to(port);
  for (;;) {
    const auto got =
        ::read(fd, buffer.get() + filled, std::min<std::size_t>(size - filled, 256 * 1024));
    filled += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    if (got > 0 && filled < size)
      continue;
    const std::string_view text{buffer.get(), filled};
    const auto whole = text.substr(0, text.rfind('\n') + 1);
    add(total, count(whole));
    filled -= whole.size();
    std::memmove(buffer.get(), buffer.get() + whole.size(), filled);
    if (got <= 0)
      break;
  }
  ::close(fd);
  return total;
}

} // namespace millrace::bench
