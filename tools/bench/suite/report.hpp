#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace millrace::bench {

/// Ours and the yardstick gave different answers, or a job under measurement failed.
class wrong_answer : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// Where benchmarks put their figures: one line of JSON for each, to standard output at once. Used
/// by one thread.
class report {
public:
  /// `unit` says whether more is better: rates end in "/s". The ratio is ours / yardstick, 0 when
  /// there is nothing to divide by.
  void add(const std::string& name, double ours, double yardstick, std::string_view unit);

  /// Throws wrong_answer unless both are equal.
  static void check_equal(std::string_view name, std::uint64_t ours, std::uint64_t yardstick);
};

} // namespace millrace::bench
