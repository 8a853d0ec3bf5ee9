#pragma once

#include "millrace/base/error.hpp"
#include "millrace/files/found_file.hpp"
#include "millrace/io/file_system.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Whether a name matches a pattern: `*` for any characters, `?` for one, `[abc]`, `[a-z]`, `[!a]`
/// or `[^a]` for one of (or none of) some, `\` before a character for that character itself. A dot
/// at the beginning of a name is matched by a dot only. A `[` that is not closed stands for itself.
[[nodiscard]] bool matches_glob(std::string_view pattern, std::string_view name);

/// Where a file stream looks.
struct listing_options {
  /// A directory, or a pattern of directories: `matches_glob` for each part between '/'.
  std::string directory;
  /// Directories below those too; not hidden ones, and not through links, which could lead in
  /// circles.
  bool recursive = false;
  /// Directories listed in one look; those beyond it are left out, with an error in the result.
  std::size_t max_directories = 10'000;
};

/// What one look found.
struct directory_listing {
  /// Regular files, also through links, that pass the filter; sorted by path.
  std::vector<found_file> files;
  /// Directories that were listed, also on the way to those that match.
  std::vector<std::string> directories;
  /// Directories that could not be listed: nothing is known about what is in them.
  std::vector<std::string> unknown;
  /// The first problem: not_found when there is no such directory, or none matches.
  std::optional<error> problem;

  /// Whether nothing can be said about the file because its directory could not be listed.
  [[nodiscard]] bool is_unknown(std::string_view path) const;
};

/// Looks at every file once. What vanishes meanwhile is left out.
[[nodiscard]] directory_listing list_files(const file_system& files, const listing_options& options,
                                           const file_filter& filter);

} // namespace millrace
