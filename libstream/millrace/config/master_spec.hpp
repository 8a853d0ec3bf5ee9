#pragma once

#include "millrace/base/error.hpp"

#include <string>
#include <string_view>

namespace millrace {

/// Where a job runs.
enum class master_kind {
  /// In this process.
  local,
};

/// What the option `master` says, taken apart. A plain value.
struct master_spec {
  master_kind kind = master_kind::local;
  /// How many compute threads; 0 means one for each processor of this machine.
  unsigned threads = 0;

  /// The most threads that `local[N]` may ask for.
  static constexpr unsigned max_threads = 1024;

  friend bool operator==(const master_spec&, const master_spec&) = default;
};

/// Reads "local" (one thread), "local[N]" (1 <= N <= 1024) or "local[*]". "caf://host:port" is
/// understood but `unsupported` in this version; anything else is invalid_argument.
result<master_spec> parse_master(std::string_view text);

/// The shortest text that `parse_master` reads back.
std::string to_string(const master_spec& spec);

} // namespace millrace
