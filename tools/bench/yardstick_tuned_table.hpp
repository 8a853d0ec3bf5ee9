#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::bench {

/// 16 bytes of which the text's own survive, as two words. May read behind the text, but never into another page.
struct tuned_words {
  std::uint64_t first, second;
};

[[gnu::no_sanitize_address, gnu::no_sanitize_thread]] inline tuned_words
tuned_load(const char* p, std::size_t size) {
  constexpr std::uint64_t all = ~std::uint64_t{0};
  tuned_words words{0, 0};
  if ((reinterpret_cast<std::uintptr_t>(p) & 4095) > 4096 - 16) [[unlikely]] {
    __builtin_memcpy(&words, p, size);
    return words;
  }
  asm("" : "+r"(p));
  __builtin_memcpy(&words, p, 16);
  const std::uint64_t low = all >> ((64 - 8 * size) & 63);
  words.second = size > 8 ? words.second & low : 0;
  words.first = size < 8 ? words.first & low : words.first;
  return words;
}

/// A word made ready for the table: its bytes when there are at most 16, otherwise where they lie and their XXH3.
struct tuned_key {
  tuned_words words;
  std::uint64_t hash;
  std::size_t size;
};

tuned_key tuned_long_key(std::string_view word);

inline tuned_key make_tuned_key(std::string_view word) {
  if (word.size() > 16) [[unlikely]]
    return tuned_long_key(word);
  const tuned_words words = tuned_load(word.data(), word.size());
  __extension__ const unsigned __int128 product =
      static_cast<unsigned __int128>(words.first ^ 0x9e3779b97f4a7c15u) *
      (words.second ^ word.size() ^ 0xd6e8feb86659fd93u);
  return {words, static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64),
          word.size()};
}

/// word -> count, open addressing. A slot of 32 bytes holds a short word itself, so that a probe is one cache line.
class tuned_table {
public:
  tuned_table() : slots_(1024) {}

  void prefetch(std::uint64_t hash) const { __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]); }

  void add(const tuned_key& key, std::int64_t count) {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = key.hash & mask;; at = (at + 1) & mask) {
      slot& s = slots_[at];
      const std::uint64_t differs = (s.words.first ^ key.words.first) |
                                    (s.words.second ^ key.words.second) | (s.size ^ key.size);
      if (differs == 0 || (s.size == key.size && key.size > 16 && same_long(s, key))) [[likely]] {
        s.count += count;
        return;
      }
      if (s.count == 0)
        return insert(at, key, count);
    }
  }

  void merge(const tuned_table& other);
  std::vector<std::pair<std::string_view, std::int64_t>> contents() const;
  std::size_t size() const { return size_; }

private:
  struct slot {
    tuned_words words{0, 0};
    std::uint64_t size = 0;
    std::int64_t count = 0;
  };

  static bool same_long(const slot& s, const tuned_key& key);
  static std::uint64_t hash_of(const slot& s);
  void insert(std::size_t at, const tuned_key& key, std::int64_t count);

  std::vector<slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace millrace::bench
