#pragma once

#include <ostream>
#include <source_location>
#include <string>
#include <string_view>

namespace millrace {

/// A place in the user's program, kept by every operation so that an error can name it. Take it as
/// a last parameter `source_site site = std::source_location::current()`. `file` must outlive the
/// site (the compiler's own strings do).
struct source_site {
  const char* file = "";
  unsigned line = 0;

  constexpr source_site() = default;

  constexpr source_site(const char* file_name, unsigned line_number) noexcept
      : file{file_name}, line{line_number} {}

  constexpr source_site(const std::source_location& here) noexcept
      : file{here.file_name()}, line{static_cast<unsigned>(here.line())} {}

  /// Whether the place is known.
  constexpr explicit operator bool() const noexcept { return *file != '\0'; }
};

/// "file.cpp:12", the file without its folders; "unknown place" for a default-made site.
inline std::string to_string(const source_site& site) {
  if (!site)
    return "unknown place";
  std::string_view name{site.file};
  if (const auto slash = name.find_last_of("/\\"); slash != std::string_view::npos)
    name.remove_prefix(slash + 1);
  return std::string{name} + ":" + std::to_string(site.line);
}

inline std::ostream& operator<<(std::ostream& out, const source_site& site) {
  return out << to_string(site);
}

} // namespace millrace
