#pragma once

#include "millrace/state/line_match.hpp"
#include "millrace/state/line_search.hpp"
#include "millrace/state/zeroed_array.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>

namespace millrace::detail {

/// Finds numbered entries by hash, for tables too large for a cache: open addressing over lines of
/// sixteen 4-byte slots, a power of two of them, at most 75 % of the slots taken. A slot holds the
/// entry's number, and above it, in the bits that numbers do not need, bits of its hash; a free
/// slot is zero. The search for a hash looks at the line of its low bits, all slots of it at once,
/// and goes on to the next line only if that is full, as very few are: so it costs one miss of the
/// cache, and hardly a branch that depends on the data.
///
/// No slot knows where its search started: growing and erasing ask for hashes of entries.
/// Numbers are below the largest count of entries there has been. Part of a table, which owns the
/// entries. 5 to 11 bytes an entry once there are many.
class line_index {
  using line = index_line;

  static constexpr std::size_t line_size = std::tuple_size_v<index_line::array>;
  static constexpr std::size_t smallest_count = 4;
  static constexpr std::uint32_t all_bits = 0xffffffffu;
  static constexpr line always_free{};

public:
  /// Leaves four bits of the hash.
  static constexpr std::size_t max_entries = std::size_t{3} << 26;
  static constexpr std::uint32_t none = index_table::none;
  static constexpr std::uint32_t unsure = index_table::unsure;

  line_index() = default;
  line_index(line_index&& other) noexcept { swap(other); }
  line_index& operator=(line_index&& other) noexcept {
    line_index(std::move(other)).swap(*this);
    return *this;
  }

  /// Where the search for `hash` starts, to fetch it ahead.
  const void* home(std::uint64_t hash) const { return &table_.home(hash); }

  /// As `line_search::find_likely`. Calls fetch(number) for what it finds and for the other
  /// candidates.
  template <class Fetch>
  void find_likely(const std::uint64_t* hashes, std::size_t n, std::uint32_t* likely,
                   Fetch fetch) const {
    std::uint32_t crowded = best_line_search().find_likely(table_, hashes, n, likely);
    for (std::size_t i = 0; i < n; ++i)
      if (likely[i] < unsure) [[likely]]
        fetch(likely[i]);
    for (; crowded != 0; crowded &= crowded - 1) {
      const std::uint64_t hash = hashes[lowest(crowded)];
      const line& home = table_.home(hash);
      for (std::uint32_t hits = hits_in(home, hash); hits != 0; hits &= hits - 1)
        fetch(table_.number(home[lowest(hits)]));
    }
  }

  /// The first number under `hash` for which `same(number)` holds, or `none`.
  template <class Same>
  std::uint32_t find(std::uint64_t hash, Same same) const {
    for (std::size_t at = line_of(hash);; at = next(at)) {
      const line& here = table_.lines[at];
      for (std::uint32_t hits = hits_in(here, hash); hits != 0; hits &= hits - 1) {
        const std::uint32_t candidate = table_.number(here[lowest(hits)]);
        if (same(candidate)) [[likely]]
          return candidate;
      }
      if (has_free(here)) [[likely]]
        return none;
    }
  }

  bool has_room_for(std::size_t entries) const { return entries <= room_in(count_); }

  /// Makes room for `wanted` entries in all. `for_each` calls the function it is given with the
  /// number and hash of each entry. On std::bad_alloc nothing has changed.
  template <class ForEach>
  void grow(std::size_t wanted, ForEach for_each) {
    std::size_t count = smallest_count;
    while (room_in(count) < wanted)
      count *= 2;
    lines_ = zeroed_array<line>{count};
    count_ = count;
    table_ = {lines_.get(), count - 1, static_cast<std::uint32_t>(count * line_size - 1)};
    for_each([this](std::uint32_t entry, std::uint64_t hash) { insert(hash, entry); });
  }

  /// There is room, and no slot names `entry` yet.
  void insert(std::uint64_t hash, std::uint32_t entry) {
    std::size_t at = line_of(hash);
    while (!has_free(lines_[at])) [[unlikely]]
      at = next(at);
    lines_[at][lowest(match_line(lines_[at], 0, all_bits))] = slot_for(hash, entry);
  }

  /// Frees the slot of `entry`. Into a line that was full, one entry that had to go further moves
  /// back; `hash_of(number)` is for those that come into question.
  template <class HashOf>
  void erase(std::uint64_t hash, std::uint32_t entry, HashOf hash_of) {
    std::size_t gap = line_of(hash);
    std::uint32_t* slot = find_slot(gap, slot_for(hash, entry));
    while (!slot)
      slot = find_slot(gap = next(gap), slot_for(hash, entry));
    for (std::size_t at = gap; !has_free(lines_[at]);) {
      at = next(at);
      for (std::uint32_t& other : lines_[at])
        if (other != 0 && passes(line_of(hash_of(table_.number(other))), gap, at)) {
          *slot = std::exchange(other, *slot);
          slot = &other;
          gap = at;
          break;
        }
    }
    *slot = 0;
  }

  std::size_t memory_bytes() const { return count_ * sizeof(line); }

private:
  void swap(line_index& other) noexcept {
    std::swap(lines_, other.lines_);
    std::swap(count_, other.count_);
    std::swap(table_, other.table_);
  }

  static constexpr std::size_t room_in(std::size_t lines) { return lines * line_size / 4 * 3; }

  std::uint32_t slot_for(std::uint64_t hash, std::uint32_t entry) const {
    return table_.tag(hash) | (entry + 1);
  }
  std::size_t line_of(std::uint64_t hash) const { return hash & table_.mask; }
  std::size_t next(std::size_t line) const { return (line + 1) & table_.mask; }

  /// Whether a search that starts at `start` and ends at `at` comes by `gap`, which is before `at`.
  bool passes(std::size_t start, std::size_t gap, std::size_t at) const {
    return ((at - start) & table_.mask) >= ((at - gap) & table_.mask);
  }

  std::uint32_t* find_slot(std::size_t at, std::uint32_t slot) {
    const std::uint32_t hits = match_line(lines_[at], slot, all_bits);
    return hits != 0 ? &lines_[at][lowest(hits)] : nullptr;
  }

  std::uint32_t hits_in(const line& in, std::uint64_t hash) const {
    return match_line(in, table_.tag(hash), ~table_.number_mask);
  }

  static bool has_free(const line& in) { return match_line(in, 0, all_bits) != 0; }

  static std::size_t lowest(std::uint32_t hits) {
    return static_cast<std::size_t>(std::countr_zero(hits));
  }

  zeroed_array<line> lines_;
  std::size_t count_ = 0;
  index_table table_{&always_free, 0, all_bits >> 4};
};

} // namespace millrace::detail
