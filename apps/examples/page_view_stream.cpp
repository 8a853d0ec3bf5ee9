// Reports on the page views of a web site, live. Try it with page_view_generator.
#include "example_options.hpp"
#include "millrace/flow/print_format.hpp"
#include "millrace/millrace.hpp"
#include "page_view.hpp"

#include <algorithm>
#include <iostream>

using namespace millrace;

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

using report = std::function<void(const dstream<apps::page_view>&, std::size_t shown)>;

const std::map<std::string, report> reports{
    {"pageCounts",
     [](const auto& views, std::size_t shown) {
       views.map(&apps::page_view::url).count_by_value().print(shown);
     }},
    {"slidingPageCounts",
     [](const auto& views, std::size_t shown) {
       views.map(&apps::page_view::url)
           .count_by_value_and_window(seconds(10), seconds(2))
           .print(shown);
     }},
    {"errorRatePerZipCode",
     [](const auto& views, std::size_t shown) {
       views.window(seconds(30), seconds(2))
           .map([](const apps::page_view& v) {
             return std::pair{v.zip_code, v.status};
           })
           .group_by_key()
           .map(describe_errors)
           .print(shown);
     }},
    {"activeUserCount",
     [](const auto& views, std::size_t shown) {
       views.window(seconds(15), seconds(2))
           .map([](const apps::page_view& v) {
             return std::pair{v.user, 1};
           })
           .group_by_key()
           .count()
           .map([](auto users) { return "Unique active users: " + std::to_string(users); })
           .print(shown);
     }},
    {"popularUsersSeen",
     [](const auto& views, std::size_t shown) {
       const batch<std::pair<int, std::string>> users{
           {1, "Patrick Wendell"}, {2, "Reynold Xin"}, {3, "Matei Zaharia"}};
       views.map([](const apps::page_view& v) {
              return std::pair{v.user, 1};
            })
           .for_each_batch([=](const batch<std::pair<int, int>>& seen, batch_time time) {
             for (const auto& [user, found] : seen.join(users).take(shown))
               std::cout << "Saw user " << found.second << " at time " << time << '\n';
             std::cout.flush();
           });
     }},
};

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
