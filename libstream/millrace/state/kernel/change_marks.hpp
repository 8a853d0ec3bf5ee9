#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::detail {

/// Which ids have changed since the last time somebody asked, as bits by segment of ids: for every
/// id it costs an eighth of a byte at most, and asking costs the segments with changes.
/// Single owner, one thread.
class change_marks {
public:
  struct segment {
    std::size_t number = 0;
    std::vector<std::uint64_t> bits; // empty: nothing changed

    std::size_t count() const;

    template <class F>
    void for_each(F f) const {
      for (std::size_t i = 0; i < bits.size(); ++i)
        for (std::uint64_t word = bits[i]; word != 0; word &= word - 1)
          f(i * 64 + static_cast<std::size_t>(std::countr_zero(word)));
    }
  };

  explicit change_marks(std::size_t per_segment) : per_segment_{per_segment} {}

  void mark(std::uint32_t id) {
    const std::size_t number = id / per_segment_;
    if (number >= segments_.size() || segments_[number].bits.empty()) [[unlikely]]
      open(number);
    const std::size_t at = id % per_segment_;
    segments_[number].bits[at / 64] |= std::uint64_t{1} << (at % 64);
  }

  /// The segments with changes, in order; from now on nothing is marked.
  std::vector<segment> take();

  std::size_t memory_bytes() const;

private:
  void open(std::size_t number);

  std::size_t per_segment_;
  std::vector<segment> segments_;
  std::size_t changed_ = 0; // segments with bits
};

} // namespace millrace::detail
