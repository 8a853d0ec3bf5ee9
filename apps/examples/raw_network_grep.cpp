// Counts the lines that contain a text, in blocks of encoded records from a live socket. Try it
// with `millrace loadgen raw`.
#include "example_options.hpp"
#include "millrace/millrace.hpp"

using namespace millrace;

int main(int argc, char** argv) try {
  std::string pattern;
  std::size_t streams = 1;
  apps::example_arguments arguments{
      "raw_network_grep", "Counts the lines with PATTERN in the blocks that HOST:PORT sends."};
  arguments.add_socket();
  arguments.add("PATTERN", pattern, "The text to look for");
  arguments.add("--streams", streams, "How many connections to read from", {1, 100});
  const auto options = arguments.parse(argc, argv);
  stream_context ssc{options.conf, options.batch};

  std::vector<dstream<std::string>> lines;
  for (std::size_t i = 0; i < streams; ++i)
    lines.push_back(ssc.raw_socket_stream<std::string>(options.host, options.port));
  ssc.union_of(lines)
      .filter([pattern](const std::string& line) { return line.find(pattern) != line.npos; })
      .count()
      .map([](auto n) { return "Grep count: " + std::to_string(n); })
      .print(options.shown);

  return apps::run_example(ssc, options, streams);
} catch (const std::exception& e) {
  return apps::report_failure(e);
}
