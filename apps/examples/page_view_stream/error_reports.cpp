// What went wrong.
#include "millrace/flow/print_format.hpp"
#include "page_view_stream/reports.hpp"

#include <algorithm>

namespace millrace::apps {

namespace {

/// "94709: 0.04", in asterisks when it is more than one view in twenty.
std::string describe_errors(const std::pair<int, std::vector<int>>& statuses) {
  const auto errors = std::count_if(statuses.second.begin(), statuses.second.end(),
                                    [](int status) { return status != 200; });
  const auto views = static_cast<std::ptrdiff_t>(statuses.second.size());
  std::string rate;
  format_element(rate, static_cast<float>(errors) / static_cast<float>(views));
  return std::to_string(statuses.first) + ": " + (20 * errors > views ? "**" + rate + "**" : rate);
}

} // namespace

void error_rate_per_zip_code(const page_views& views, std::size_t shown) {
  views.window(seconds(30), seconds(2))
      .map([](const page_view& v) {
        return std::pair{v.zip_code, v.status};
      })
      .group_by_key()
      .map(describe_errors)
      .print(shown);
}

} // namespace millrace::apps
