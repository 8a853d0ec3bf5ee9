#include "yardstick/word_count.hpp"

#include "millrace/chunk/tokenize.hpp"
#include "yardstick/tuned_table.hpp"

#include <array>
#include <cstring>
#include <functional>
#include <thread>

#include <absl/container/flat_hash_map.h>

namespace millrace::bench {

namespace {

using plain_map = absl::flat_hash_map<std::string_view, std::int64_t>;

plain_map count_plain(std::string_view text) {
  plain_map counts;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    while (at != end && static_cast<unsigned char>(*at) <= ' ')
      ++at;
    const char* const begin = at;
    while (at != end && static_cast<unsigned char>(*at) > ' ')
      ++at;
    if (at != begin)
      ++counts[std::string_view(begin, at - begin)];
  }
  return counts;
}

tuned_table count_tuned(std::string_view text) {
  constexpr std::size_t chunk = 1024;
  constexpr std::size_t ahead = 12;
  std::array<std::string_view, chunk> words;
  std::array<std::uint64_t, chunk> hashes;
  tuned_table table;
  const std::string_view whole[] = {text};
  line_cursor cursor;
  while (const std::size_t n = split_words(whole, cursor, words)) {
    for (std::size_t i = 0; i < n; ++i)
      hashes[i] = tuned_hash(words[i]);
    for (std::size_t i = 0; i < n; ++i) {
      table.prefetch(hashes[std::min(i + ahead, n - 1)]);
      table.add(words[i], hashes[i], 1);
    }
  }
  return table;
}

template <class Count>
auto on_two_threads(std::string_view text, Count count) {
  const auto [first, second] = halves(text);
  decltype(count(text)) other;
  std::thread helper([&, half = second] { other = count(half); });
  auto own = count(first);
  helper.join();
  return std::pair(std::move(own), std::move(other));
}

} // namespace

word_counts word_count_plain(std::string_view text) {
  const plain_map counts = count_plain(text);
  return word_counts(counts.begin(), counts.end());
}

word_counts word_count_tuned(std::string_view text) { return count_tuned(text).contents(); }

word_counts word_count_plain_two_threads(std::string_view text) {
  auto [own, other] = on_two_threads(text, count_plain);
  for (const auto& [word, count] : other)
    own[word] += count;
  return word_counts(own.begin(), own.end());
}

word_counts word_count_tuned_two_threads(std::string_view text) {
  auto [own, other] = on_two_threads(text, count_tuned);
  own.merge(other);
  return own.contents();
}

std::uint64_t checksum(const word_counts& counts) {
  std::uint64_t sum = 0;
  for (const auto& [word, count] : counts)
    sum += (std::hash<std::string_view>{}(word) | 1) * static_cast<std::uint64_t>(count);
  return sum;
}

std::pair<std::string_view, std::string_view> halves(std::string_view text) {
  const std::size_t end_of_line = text.find('\n', text.size() / 2);
  const std::size_t cut = end_of_line == std::string_view::npos ? text.size() : end_of_line + 1;
  return {text.substr(0, cut), text.substr(cut)};
}

} // namespace millrace::bench
