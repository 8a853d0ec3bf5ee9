#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::bench {

inline std::uint64_t tuned_load(const char* p) {
  std::uint64_t word;
  std::memcpy(&word, p, 8);
  return word;
}

/// Up to 8 bytes, zero padded; may read behind the text, but never into another page.
[[gnu::no_sanitize_address, gnu::no_sanitize_thread]] inline std::uint64_t
tuned_load_short(const char* p, std::size_t size) {
  std::uint64_t word = 0;
  if ((reinterpret_cast<std::uintptr_t>(p) & 4095) > 4096 - 8) [[unlikely]] {
    __builtin_memcpy(&word, p, size);
    return word;
  }
  asm("" : "+r"(p));
  __builtin_memcpy(&word, p, 8);
  return word & (~std::uint64_t{0} >> (64 - 8 * size));
}

std::uint64_t tuned_hash_long(std::string_view word);

/// Two overlapping loads and one wide multiplication; up to 8 bytes one load and a mixing that is
/// reversible, so that equal hashes and sizes mean equal words. `word` is not empty.
inline std::uint64_t tuned_hash(std::string_view word) {
  const std::size_t size = word.size();
  if (size <= 8) [[likely]] {
    std::uint64_t x = (tuned_load_short(word.data(), size) ^ size) * 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 32)) * 0x9fb21c651e98df25u;
    return x ^ (x >> 32);
  }
  if (size <= 16) {
    __extension__ const unsigned __int128 product =
        static_cast<unsigned __int128>(tuned_load(word.data()) ^ 0x9e3779b97f4a7c15u) *
        (tuned_load(word.data() + size - 8) ^ size ^ 0xd6e8feb86659fd93u);
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  return tuned_hash_long(word);
}

/// word -> count by open addressing: 32-byte slots with the hash, the word's place and size, and
/// the count.
class tuned_table {
public:
  tuned_table() : slots_(1024) {}

  void prefetch(std::uint64_t hash) const {
    __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]);
  }

  void add(std::string_view word, std::uint64_t hash, std::int64_t count) {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
      slot& s = slots_[at];
      if (s.hash == hash && s.word.size() == word.size() &&
          (word.size() <= 8 || std::memcmp(s.word.data(), word.data(), word.size()) == 0))
          [[likely]] {
        s.count += count;
        return;
      }
      if (s.count == 0)
        return insert(at, word, hash, count);
    }
  }

  void merge(const tuned_table& other) {
    for (const slot& s : other.slots_)
      if (s.count != 0)
        add(s.word, s.hash, s.count);
  }

  std::vector<std::pair<std::string_view, std::int64_t>> contents() const;

private:
  struct slot {
    std::uint64_t hash = 0;
    std::string_view word;
    std::int64_t count = 0;
  };

  void insert(std::size_t at, std::string_view word, std::uint64_t hash, std::int64_t count);

  std::vector<slot> slots_;
  std::size_t size_ = 0;
};

} // namespace millrace::bench
