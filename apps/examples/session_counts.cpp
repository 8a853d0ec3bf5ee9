// Counts what each user does without a pause of --gap, by the times that the lines tell:
// "user,epoch_ms,action". Lines need not come in the order in which things happened.
#include "example_options.hpp"
#include "millrace/millrace.hpp"

#include <charconv>

using namespace millrace;

namespace {

/// A user, and when he or she did what.
using action = std::pair<std::string_view, std::pair<event_time, std::string_view>>;

action parse(std::string_view line) {
  const auto user = line.substr(0, line.find(','));
  const auto rest = line.substr(std::min(user.size() + 1, line.size()));
  std::int64_t ms = 0;
  const auto [end, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), ms);
  if (failed != std::errc{} || end == rest.data() + rest.size() || *end != ',')
    throw stream_error{errc::corrupt_data,
                       "'" + std::string{line} + "' is no line of the form user,epoch_ms,action"};
  const auto time_end = static_cast<std::size_t>(end - rest.data());
  return {user, {event_time{ms}, rest.substr(time_end + 1)}};
}

} // namespace

int main(int argc, char** argv) try {
  duration gap = seconds(30);
  duration disorder = seconds(5);
  apps::example_arguments arguments{
      "session_counts", "Counts the actions of each session of the users that HOST:PORT tells of."};
  arguments.add_socket();
  arguments.add("--gap", gap, "A pause of a user that ends a session");
  arguments.add("--disorder", disorder,
                "How much older than the latest line one may be without coming too late",
                seconds(0));
  const auto options = arguments.parse(argc, argv);
  stream_context ssc{options.conf, options.batch};

  ssc.socket_text_stream(options.host, options.port)
      .map(parse)
      .assign_timestamps([](const action& a) { return a.second.first; }, disorder)
      .window(window_spec::session(gap))
      .count_by_key()
      .print(options.shown);

  return apps::run_example(ssc, options);
} catch (const std::exception& e) {
  return apps::report_failure(e);
}
