// Counts the words of a live socket: network_word_count HOST PORT. Try it with `millrace loadgen
// text`.
#include "example_options.hpp"
#include "millrace/millrace.hpp"

using namespace millrace;

int main(int argc, char** argv) try {
  const auto options =
      apps::parse_socket_arguments(argc, argv, "network_word_count",
                                   "Counts the words of each batch of lines that HOST:PORT sends.");
  stream_context ssc{options.conf, options.batch};

  auto lines = ssc.socket_text_stream(options.host, options.port);
  auto counts = lines.flat_map(split(' '))
                    .map([](auto word) { return std::pair(word, 1L); })
                    .reduce_by_key(std::plus{});
  counts.print(options.shown);

  return apps::run_example(ssc, options);
} catch (const std::exception& e) {
  return apps::report_failure(e);
}
