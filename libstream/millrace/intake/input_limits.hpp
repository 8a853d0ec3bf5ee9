#pragma once

#include "millrace/base/ids.hpp"

#include <cstdint>
#include <limits>
#include <map>

namespace millrace {

/// The most that one batch has of one input stream.
struct input_limits {
  static constexpr std::uint64_t none = std::numeric_limits<std::uint64_t>::max();

  std::uint64_t records = none;
  std::uint64_t bytes = none;

  friend bool operator==(const input_limits&, const input_limits&) = default;
};

/// What the limits leave while a batch is put together.
class input_budget {
public:
  explicit input_budget(const input_limits& limits) : left_{limits} {}

  /// Takes something of this size if there is room for it. What comes first always has room, so
  /// that nothing is too large to be taken ever.
  bool take(std::uint64_t records, std::uint64_t bytes) noexcept {
    if (!first_ && (records > left_.records || bytes > left_.bytes))
      return false;
    first_ = false;
    left_.records -= records < left_.records ? records : left_.records;
    left_.bytes -= bytes < left_.bytes ? bytes : left_.bytes;
    return true;
  }

  /// What is left: once something was taken, possibly nothing.
  const input_limits& left() const noexcept { return left_; }
  bool untouched() const noexcept { return first_; }

private:
  input_limits left_;
  bool first_ = true;
};

/// The limits of all input streams of a job: those of most, and those of the ones that differ.
struct job_input_limits {
  input_limits usual;
  std::map<stream_id, input_limits> of;

  const input_limits& operator[](stream_id stream) const {
    auto own = of.find(stream);
    return own == of.end() ? usual : own->second;
  }
};

} // namespace millrace
