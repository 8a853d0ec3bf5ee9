#pragma once

#include "millrace/base/error.hpp"

#include <cstdint>

namespace millrace {

/// The seam through which everything draws chance. One owner and one thread at a time: an
/// implementation has no lock of its own.
class random_source {
public:
  random_source() = default;
  random_source(const random_source&) = delete;
  random_source& operator=(const random_source&) = delete;
  virtual ~random_source() = default;

  /// All 64 bits evenly distributed.
  virtual std::uint64_t next() = 0;

  /// Evenly distributed in [0, 1), with 53 bits.
  double uniform() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

  /// Evenly distributed in [0, n). Throws `stream_error(invalid_argument)` when n is 0.
  std::uint64_t below(std::uint64_t n) {
    if (n == 0)
      throw stream_error{errc::invalid_argument, "random_source::below: n must be at least 1"};
    // The lowest 2^64 mod n values are refused, so that what is left is a whole number of n.
    const std::uint64_t refused = (0 - n) % n;
    for (;;) {
      if (const auto value = next(); value >= refused)
        return value % n;
    }
  }
};

/// A random source that gives the same numbers for the same seed on every machine (SplitMix64).
/// Not for secrets.
class seeded_random final : public random_source {
public:
  explicit seeded_random(std::uint64_t seed) noexcept : state_{seed} {}

  std::uint64_t next() override {
    state_ += 0x9e3779b97f4a7c15ULL;
    auto z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
  }

private:
  std::uint64_t state_;
};

} // namespace millrace
