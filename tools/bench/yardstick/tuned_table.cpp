#include "yardstick/tuned_table.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace millrace::bench {

std::uint64_t tuned_hash_long(std::string_view word) {
  return XXH3_64bits(word.data(), word.size());
}

void tuned_table::insert(std::size_t at, std::string_view word, std::uint64_t hash,
                         std::int64_t count) {
  slots_[at] = {hash, word, count};
  if (++size_ * 2 <= slots_.size())
    return;
  std::vector<slot> bigger(slots_.size() * 2);
  const std::size_t mask = bigger.size() - 1;
  for (const slot& s : slots_) {
    if (s.count == 0)
      continue;
    std::size_t to = s.hash & mask;
    while (bigger[to].count != 0)
      to = (to + 1) & mask;
    bigger[to] = s;
  }
  slots_.swap(bigger);
}

std::vector<std::pair<std::string_view, std::int64_t>> tuned_table::contents() const {
  std::vector<std::pair<std::string_view, std::int64_t>> words;
  words.reserve(size_);
  for (const slot& s : slots_)
    if (s.count != 0)
      words.emplace_back(s.word, s.count);
  return words;
}

} // namespace millrace::bench
