#include "millrace/files/directory_listing.hpp"

#include <algorithm>
#include <utility>

namespace millrace {

namespace {

constexpr auto none = std::string_view::npos;

/// Matches one character against the class that begins at `pattern[at]`, a '['. `at` moves behind
/// the class; nothing when it is not closed.
std::optional<bool> match_class(std::string_view pattern, std::size_t& at, char c) {
  auto i = at + 1;
  const bool inverted = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  i += inverted ? 1 : 0;
  bool found = false;
  for (bool first = true; i < pattern.size() && (first || pattern[i] != ']'); first = false) {
    const auto take = [&] {
      if (pattern[i] == '\\' && i + 1 < pattern.size())
        ++i;
      return static_cast<unsigned char>(pattern[i++]);
    };
    const auto low = take();
    auto high = low;
    if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
      ++i;
      high = take();
    }
    const auto value = static_cast<unsigned char>(c);
    found = found || (low <= value && value <= high);
  }
  if (i >= pattern.size())
    return std::nullopt;
  at = i + 1;
  return found != inverted;
}

/// Matches one character of a name against what is at `pattern[at]`, not a '*'; `at` moves on.
bool match_one(std::string_view pattern, std::size_t& at, char c) {
  switch (pattern[at]) {
  case '?':
    ++at;
    return true;
  case '[':
    if (const auto answer = match_class(pattern, at, c))
      return *answer;
    break;
  case '\\':
    if (at + 1 < pattern.size())
      ++at;
    break;
  default:
    break;
  }
  return pattern[at++] == c;
}

bool has_wildcards(std::string_view part) { return part.find_first_of("*?[\\") != none; }

std::string_view name_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == none ? path : path.substr(slash + 1);
}

std::string join(const std::string& directory, std::string_view name) {
  if (directory.empty())
    return std::string{name};
  return directory + (directory.ends_with('/') ? "" : "/") + std::string{name};
}

/// One look; collects into `found`.
class look {
public:
  look(const file_system& files, const listing_options& options, const file_filter& filter)
      : files_{files}, options_{options}, filter_{filter} {}

  directory_listing run() && {
    for (const auto& directory : matching_directories())
      list(directory);
    std::ranges::sort(found_.files, {}, &found_file::path);
    const auto same = std::ranges::unique(found_.files, {}, &found_file::path);
    found_.files.erase(same.begin(), same.end());
    return std::move(found_);
  }

private:
  /// The directories that the pattern stands for. One without wildcards is not looked up.
  std::vector<std::string> matching_directories() {
    const std::string_view pattern = options_.directory;
    std::vector<std::string> matching{pattern.starts_with('/') ? "/" : ""};
    bool any_wildcard = false;
    for (std::size_t at = 0; at < pattern.size();) {
      const auto end = std::min(pattern.find('/', at), pattern.size());
      const auto part = pattern.substr(at, end - at);
      at = end + 1;
      if (part.empty())
        continue;
      const bool wild = has_wildcards(part);
      any_wildcard = any_wildcard || wild;
      std::vector<std::string> next;
      for (const auto& directory : matching)
        if (wild)
          add_matching(next, directory, part);
        else
          next.push_back(join(directory, part));
      matching = std::move(next);
    }
    if (any_wildcard) {
      std::erase_if(matching, [&](const std::string& d) { return !is_directory(d); });
      if (matching.empty())
        note({errc::not_found, "no directory matches '" + options_.directory + "'"});
    }
    return matching;
  }

  void add_matching(std::vector<std::string>& to, const std::string& directory,
                    std::string_view part) {
    const auto entries = entries_of(directory.empty() ? "." : directory, true);
    for (const auto& entry : entries)
      if (entry.is_directory && matches_glob(part, entry.name))
        to.push_back(join(directory, entry.name));
  }

  bool is_directory(const std::string& path) const {
    const auto info = files_.stat(path);
    return info && info->is_directory;
  }

  /// `optional`: a directory that only a pattern led to, which may well not be there.
  std::vector<directory_entry> entries_of(const std::string& directory, bool optional) {
    if (found_.directories.size() >= options_.max_directories) {
      note({errc::limit_exceeded, "'" + options_.directory + "' leads to more than " +
                                      std::to_string(options_.max_directories) +
                                      " directories; those beyond that number are not read"});
      found_.unknown.push_back(directory);
      return {};
    }
    auto entries = files_.list(directory);
    if (entries) {
      found_.directories.push_back(directory);
      return std::move(*entries);
    }
    // What a missing directory held is unknown too: it may come back with the same files.
    found_.unknown.push_back(directory);
    if (!optional || entries.error().code != errc::not_found)
      note(std::move(entries).error());
    return {};
  }

  void list(const std::string& directory) {
    std::vector<std::string> pending{directory};
    while (!pending.empty()) {
      const auto current = std::move(pending.back());
      pending.pop_back();
      for (const auto& entry : entries_of(current, current != directory)) {
        auto path = join(current, entry.name);
        if (!entry.is_directory)
          add_file(std::move(path));
        else if (options_.recursive && !entry.is_link && !entry.name.starts_with('.'))
          pending.push_back(std::move(path));
      }
    }
  }

  void add_file(std::string path) {
    if (file_system::is_temporary(name_of(path)) || !filter_(path))
      return;
    const auto info = files_.stat(path);
    if (info && info->is_regular)
      found_.files.push_back({std::move(path), info->size, info->modified_ms});
    else if (!info && info.error().code != errc::not_found) {
      note(info.error());
      found_.unknown.push_back(std::move(path));
    }
  }

  void note(error problem) {
    if (!found_.problem)
      found_.problem = std::move(problem);
  }

  const file_system& files_;
  const listing_options& options_;
  const file_filter& filter_;
  directory_listing found_;
};

} // namespace

bool default_file_filter(const std::string& path) {
  const auto name = name_of(path);
  return !name.starts_with('.') && name != "_SUCCESS";
}

bool matches_glob(std::string_view pattern, std::string_view name) {
  if (name.starts_with('.') && !pattern.starts_with('.') && !pattern.starts_with("\\."))
    return false;
  // Where to go on after a mismatch: behind the last '*', which then takes one character more.
  auto star = none;
  std::size_t star_name = 0;
  std::size_t p = 0;
  for (std::size_t n = 0; n < name.size();) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      star_name = n;
      continue;
    }
    if (p < pattern.size() && match_one(pattern, p, name[n])) {
      ++n;
      continue;
    }
    if (star == none)
      return false;
    p = star;
    n = ++star_name;
  }
  while (p < pattern.size() && pattern[p] == '*')
    ++p;
  return p == pattern.size();
}

bool directory_listing::is_unknown(std::string_view path) const {
  return std::ranges::any_of(unknown, [&](const std::string& directory) {
    return path == directory || (path.starts_with(directory) && path.size() > directory.size() &&
                                 (directory.ends_with('/') || path[directory.size()] == '/'));
  });
}

directory_listing list_files(const file_system& files, const listing_options& options,
                             const file_filter& filter) {
  return look{files, options, filter}.run();
}

} // namespace millrace
