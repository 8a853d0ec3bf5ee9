// Counts the words of a live socket since the start, and prints all totals after each batch. Try it
// with `millrace loadgen text`.
#include "example_options.hpp"
#include "millrace/millrace.hpp"

#include <numeric>

using namespace millrace;

int main(int argc, char** argv) try {
  const auto options =
      apps::parse_socket_arguments(argc, argv, "stateful_word_count",
                                   "Counts all words that HOST:PORT has sent since the start.");
  stream_context ssc{options.conf, options.batch};

  auto add = [](const std::vector<long>& counts, std::optional<long> total) {
    return std::optional{std::accumulate(counts.begin(), counts.end(), total.value_or(0))};
  };
  auto by_word = [](const batch<std::pair<std::string, long>>& totals) {
    return totals.sort_by(&std::pair<std::string, long>::first);
  };
  ssc.socket_text_stream(options.host, options.port)
      .flat_map(split(' '))
      .map([](auto word) { return std::pair(word, 1L); })
      .reduce_by_key(std::plus{})
      .update_state_by_key<long>(add)
      .transform(by_word)
      .print(options.shown);

  return apps::run_example(ssc, options);
} catch (const std::exception& e) {
  return apps::report_failure(e);
}
