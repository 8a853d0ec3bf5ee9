#pragma once

#include <string>
#include <string_view>

namespace millrace::apps {

/// Somebody has looked at a page of a web site.
struct page_view {
  std::string url;
  int status = 200;
  int zip_code = 0;
  int user = 0;
};

/// Reads a line: url, status, zip code and user with a tab between them. Throws
/// stream_error(corrupt_data) with the line.
page_view parse_page_view(std::string_view line);

/// The line that `parse_page_view` reads, without its `\n`.
std::string format_page_view(const page_view& view);

} // namespace millrace::apps
