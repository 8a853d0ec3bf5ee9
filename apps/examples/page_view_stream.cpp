// Reports on the page views of a web site, live. Try it with page_view_generator.
#include "example_options.hpp"
#include "page_view_stream/reports.hpp"

#include <functional>
#include <map>

using namespace millrace;

namespace {

const std::map<std::string, std::function<void(const apps::page_views&, std::size_t shown)>>
    reports{{"pageCounts", apps::page_counts},
            {"slidingPageCounts", apps::sliding_page_counts},
            {"errorRatePerZipCode", apps::error_rate_per_zip_code},
            {"activeUserCount", apps::active_user_count},
            {"popularUsersSeen", apps::popular_users_seen}};

} // namespace

int main(int argc, char** argv) try {
  std::vector<std::string> names;
  for (const auto& [name, make] : reports)
    names.push_back(name);
  std::string chosen;
  apps::example_arguments arguments{"page_view_stream",
                                    "Reports on the page views that HOST:PORT sends."};
  arguments.add_choice("REPORT", chosen, names, "What to report");
  arguments.add_socket();
  const auto options = arguments.parse(argc, argv);
  stream_context ssc{options.conf, options.batch};

  auto views = ssc.socket_text_stream(options.host, options.port).map(apps::parse_page_view);
  reports.at(chosen)(views, options.shown);

  return apps::run_example(ssc, options);
} catch (const std::exception& e) {
  return apps::report_failure(e);
}
