#include "yardstick_tuned_table.hpp"

#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace millrace::bench {

tuned_key tuned_long_key(std::string_view word) {
  const std::uint64_t hash = XXH3_64bits(word.data(), word.size());
  return {{reinterpret_cast<std::uintptr_t>(word.data()), hash}, hash, word.size()};
}

bool tuned_table::same_long(const slot& s, const tuned_key& key) {
  return s.words.second == key.words.second &&
         std::memcmp(reinterpret_cast<const char*>(s.words.first),
                     reinterpret_cast<const char*>(key.words.first), key.size) == 0;
}

std::uint64_t tuned_table::hash_of(const slot& s) {
  if (s.size > 16)
    return s.words.second;
  return make_tuned_key({reinterpret_cast<const char*>(&s.words), s.size}).hash;
}

void tuned_table::insert(std::size_t at, const tuned_key& key, std::int64_t count) {
  slots_[at] = {key.words, key.size, count};
  if (++size_ * 2 <= slots_.size())
    return;
  std::vector<slot> bigger(slots_.size() * 2);
  const std::size_t mask = bigger.size() - 1;
  for (const slot& s : slots_) {
    if (s.count == 0)
      continue;
    std::size_t to = hash_of(s) & mask;
    while (bigger[to].count != 0)
      to = (to + 1) & mask;
    bigger[to] = s;
  }
  slots_.swap(bigger);
}

void tuned_table::merge(const tuned_table& other) {
  for (const slot& s : other.slots_)
    if (s.count != 0)
      add({s.words, hash_of(s), s.size}, s.count);
}

std::vector<std::pair<std::string_view, std::int64_t>> tuned_table::contents() const {
  std::vector<std::pair<std::string_view, std::int64_t>> words;
  words.reserve(size_);
  for (const slot& s : slots_) {
    if (s.count == 0)
      continue;
    const char* data = s.size > 16 ? reinterpret_cast<const char*>(s.words.first)
                                   : reinterpret_cast<const char*>(&s.words);
    words.emplace_back(std::string_view(data, s.size), s.count);
  }
  return words;
}

}  // namespace millrace::bench
