#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace millrace::detail {

/// Finds numbered entries by hash, for tables too large for a cache: open addressing over lines of
/// one cache line each, with twelve slots, at most three quarters of them taken. A slot holds the
/// entry's number and eight bits of its hash. The search for a hash looks at one line, all slots of
/// it at once, and goes on to the next line only if that is full, as few are: so it costs one miss
/// of the cache, and hardly a branch that depends on the data.
///
/// No slot knows where its search started: growing and erasing ask for hashes of entries. Part of a
/// table, which owns the entries. 7 to 11 bytes an entry once there are many.
class line_index {
  static constexpr std::size_t line_size = 12;
  static constexpr std::size_t in_line = 9; // on average, when there is no room for more

  struct alignas(64) line {
    std::array<std::uint8_t, 16> tags; // 0 for a free slot; those behind the last slot are not used
    std::array<std::uint32_t, line_size> numbers;
  };

public:
  static constexpr std::size_t max_entries = std::size_t{1} << 30;
  static constexpr std::uint32_t none = 0xffffffffu;
  static constexpr std::uint32_t unsure = none - 1;

  line_index() = default;
  line_index(line_index&& other) noexcept { swap(other); }
  line_index& operator=(line_index&& other) noexcept {
    line_index(std::move(other)).swap(*this);
    return *this;
  }

  /// What a search reads, for loops that do many; holds until the index grows.
  class view {
  public:
    /// Where the search for `hash` starts, to fetch it ahead.
    const void* home(std::uint64_t hash) const { return lines_ + line_of(hash, count_); }

    /// The number of an entry that very likely has this hash; or `none`, which is certain; or
    /// `unsure`.
    std::uint32_t find_likely(std::uint64_t hash) const {
      const line& first = lines_[line_of(hash, count_)];
      if (const std::uint32_t hits = match(first, tag(hash))) [[likely]]
        return first.numbers[lowest(hits)];
      return has_free(first) ? none : unsure;
    }

  private:
    friend class line_index;
    view(const line* lines, std::size_t count) : lines_{lines}, count_{count} {}

    const line* lines_;
    std::size_t count_;
  };

  view look() const {
    static constexpr line always_free{};
    return count_ == 0 ? view{&always_free, 1} : view{lines_.get(), count_};
  }

  /// The first number under `hash` for which `same(number)` holds, or `none`.
  template <class Same>
  std::uint32_t find(std::uint64_t hash, Same same) const {
    const view in = look();
    for (const line* at = in.lines_ + line_of(hash, in.count_);;) {
      for (std::uint32_t hits = match(*at, tag(hash)); hits != 0; hits &= hits - 1)
        if (const std::uint32_t number = at->numbers[lowest(hits)]; same(number)) [[likely]]
          return number;
      if (has_free(*at)) [[likely]]
        return none;
      if (++at == in.lines_ + in.count_)
        at = in.lines_;
    }
  }

  bool has_room_for(std::size_t entries) const { return entries <= count_ * in_line; }

  /// Makes room for `wanted` entries in all. `for_each` calls the function it is given with the
  /// number and hash of each entry. On std::bad_alloc nothing has changed.
  template <class ForEach>
  void grow(std::size_t wanted, ForEach for_each) {
    const std::size_t least = (wanted + in_line - 1) / in_line;
    const std::size_t count = std::max({smallest_count, least, count_ + count_ / 2});
    lines_ = std::make_unique<line[]>(count);
    count_ = count;
    for_each([this](std::uint32_t entry, std::uint64_t hash) { insert(hash, entry); });
  }

  /// There is room, and no slot names `entry` yet.
  void insert(std::uint64_t hash, std::uint32_t entry) {
    std::size_t at = line_of(hash, count_);
    while (!has_free(lines_[at]))
      [[unlikely]] at = next(at);
    set({at, lowest(match(lines_[at], 0))}, tag(hash), entry);
  }

  /// Frees the slot of `entry`. Into a line that was full, one entry that had to go further moves
  /// back; `hash_of(number)` is for those that come into question.
  template <class HashOf>
  void erase(std::uint64_t hash, std::uint32_t entry, HashOf hash_of) {
    place gap = place_of(hash, entry);
    for (std::size_t at = gap.line; !has_free(lines_[at]);) {
      at = next(at);
      for (std::uint32_t slots = taken(lines_[at]); slots != 0; slots &= slots - 1) {
        const std::uint32_t other = lines_[at].numbers[lowest(slots)];
        if (passes(line_of(hash_of(other), count_), gap.line, at)) {
          set(gap, lines_[at].tags[lowest(slots)], other);
          gap = {at, lowest(slots)};
          break;
        }
      }
    }
    lines_[gap.line].tags[gap.slot] = 0;
  }

  std::size_t memory_bytes() const { return count_ * sizeof(line); }

private:
  static constexpr std::size_t smallest_count = 4;

  struct place {
    std::size_t line;
    std::size_t slot;
  };

  void swap(line_index& other) noexcept {
    std::swap(lines_, other.lines_);
    std::swap(count_, other.count_);
  }

  /// The low half of the hash as a fraction of the lines. The tag comes from the lowest bits of the
  /// high half: the highest have chosen the partition.
  static std::size_t line_of(std::uint64_t hash, std::size_t count) {
    return static_cast<std::uint32_t>(hash) * count >> 32;
  }
  static std::uint8_t tag(std::uint64_t hash) {
    const auto bits = static_cast<std::uint8_t>(hash >> 32);
    return static_cast<std::uint8_t>(bits + (bits == 0));
  }

  std::size_t next(std::size_t line) const { return line + 1 == count_ ? 0 : line + 1; }

  /// Whether a search that starts at `start` and ends at `at` comes by `gap`, which is before `at`.
  bool passes(std::size_t start, std::size_t gap, std::size_t at) const {
    const auto distance = [&](std::size_t from) {
      return at >= from ? at - from : at + count_ - from;
    };
    return distance(start) >= distance(gap);
  }

  place place_of(std::uint64_t hash, std::uint32_t entry) const {
    for (std::size_t at = line_of(hash, count_);; at = next(at))
      for (std::uint32_t hits = match(lines_[at], tag(hash)); hits != 0; hits &= hits - 1)
        if (lines_[at].numbers[lowest(hits)] == entry)
          return {at, lowest(hits)};
  }

  void set(place at, std::uint8_t tag, std::uint32_t entry) {
    lines_[at.line].tags[at.slot] = tag;
    lines_[at.line].numbers[at.slot] = entry;
  }

  static bool has_free(const line& in) { return match(in, 0) != 0; }
  static std::uint32_t taken(const line& in) { return match(in, 0) ^ all_slots; }

  static constexpr std::uint32_t all_slots = (1u << line_size) - 1;

  /// Bit i is set where slot i has this tag.
#if defined(__SSE2__)
  static std::uint32_t match(const line& in, std::uint8_t tag) {
    const __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(in.tags.data()));
    const __m128i equal = _mm_cmpeq_epi8(tags, _mm_set1_epi8(static_cast<char>(tag)));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(equal)) & all_slots;
  }
#else
  static std::uint32_t match(const line& in, std::uint8_t tag) {
    std::uint32_t hits = 0;
    for (std::size_t i = 0; i < line_size; ++i)
      hits |= std::uint32_t{in.tags[i] == tag} << i;
    return hits;
  }
#endif
  static std::size_t lowest(std::uint32_t hits) {
    return static_cast<std::size_t>(std::countr_zero(hits));
  }

  std::unique_ptr<line[]> lines_;
  std::size_t count_ = 0;
};

} // namespace millrace::detail
