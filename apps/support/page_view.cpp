#include "page_view.hpp"

#include "millrace/base/error.hpp"

#include <array>
#include <charconv>

#include <fmt/format.h>

namespace millrace::apps {

namespace {

bool read_number(std::string_view text, int& to) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), to);
  return failed == std::errc{} && end == text.data() + text.size();
}

/// The part of `rest` before the next tab, which is taken out of it.
std::string_view next_field(std::string_view& rest) {
  const auto tab = rest.find('\t');
  const auto field = rest.substr(0, tab);
  rest = tab == std::string_view::npos ? std::string_view{} : rest.substr(tab + 1);
  return field;
}

} // namespace

page_view parse_page_view(std::string_view line) {
  auto rest = line;
  page_view view;
  view.url = next_field(rest);
  const bool numbers = read_number(next_field(rest), view.status) &&
                       read_number(next_field(rest), view.zip_code) && read_number(rest, view.user);
  if (view.url.empty() || !numbers)
    throw stream_error{errc::corrupt_data,
                       fmt::format("'{}' is no page view: url, status, zip code and user are "
                                   "needed, with a tab between them",
                                   line)};
  return view;
}

std::string format_page_view(const page_view& view) {
  return fmt::format("{}\t{}\t{}\t{}", view.url, view.status, view.zip_code, view.user);
}

} // namespace millrace::apps
