// The most frequent words of the last --window of a live socket, after each batch. Try it with
// `millrace loadgen text`.
#include "example_options.hpp"
#include "millrace/millrace.hpp"

using namespace millrace;

int main(int argc, char** argv) try {
  std::size_t k = 10;
  duration window = seconds(60);
  apps::example_arguments arguments{
      "top_k_words", "The words that HOST:PORT has sent most often lately, equal ones in order."};
  arguments.add_socket();
  arguments.add("--k", k, "How many words", {1, 1'000'000});
  arguments.add("--window", window, "How much of the past is counted");
  const auto options = arguments.parse(argc, argv);
  stream_context ssc{options.conf, options.batch};

  ssc.socket_text_stream(options.host, options.port)
      .flat_map(split(' '))
      .map([](auto word) { return std::pair(word, 1L); })
      .reduce_by_key_and_window(std::plus{}, window)
      .top_k(k, [](const auto& counted) { return counted.second; })
      .print(options.shown_given ? options.shown : k);

  return apps::run_example(ssc, options);
} catch (const std::exception& e) {
  return apps::report_failure(e);
}
