#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace millrace {

/// One version of a file, as a look at its directory showed it. A file written anew under its old
/// name is another version of it, unless size and time are the same to the millisecond.
struct found_file {
  std::string path;
  std::uint64_t size = 0;
  std::int64_t modified_ms = 0;

  friend bool operator==(const found_file&, const found_file&) = default;
};

/// Oldest first, and by path among files of one time: the order in which files are read.
struct reading_order {
  bool operator()(const found_file& a, const found_file& b) const noexcept {
    return a.modified_ms != b.modified_ms ? a.modified_ms < b.modified_ms : a.path < b.path;
  }
};

/// Says which files a stream reads, by path; called for every file at every look, so it should be
/// quick, and must not throw.
using file_filter = std::function<bool(const std::string& path)>;

/// All files but hidden ones (their name begins with a dot) and the `_SUCCESS` mark of a finished
/// output directory, which holds no records.
[[nodiscard]] bool default_file_filter(const std::string& path);

} // namespace millrace
