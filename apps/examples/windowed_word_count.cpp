// Counts the words of the last --window of a live socket, anew every --slide. Try it with `millrace
// loadgen text`.
#include "example_options.hpp"
#include "millrace/millrace.hpp"

using namespace millrace;

int main(int argc, char** argv) try {
  duration window = seconds(30);
  duration slide = seconds(10);
  bool inverse = false;
  apps::example_arguments arguments{"windowed_word_count",
                                    "Counts the words that HOST:PORT has sent lately."};
  arguments.add_socket();
  arguments.add("--window", window, "How much of the past is counted");
  arguments.add("--slide", slide, "How often it is counted");
  arguments.add_flag("--inverse", inverse,
                     "Subtract what leaves the window, and forget words that are no longer in it");
  const auto options = arguments.parse(argc, argv);
  stream_context ssc{options.conf, options.batch};

  auto words =
      ssc.socket_text_stream(options.host, options.port).flat_map(split(' ')).map([](auto word) {
        return std::pair(word, 1L);
      });
  auto is_there = [](const auto&, long count) { return count > 0; };
  auto counts = inverse ? words.reduce_by_key_and_window(std::plus{}, std::minus{}, window, slide,
                                                         0U, is_there)
                        : words.reduce_by_key_and_window(std::plus{}, window, slide);
  counts.print(options.shown);

  return apps::run_example(ssc, options);
} catch (const std::exception& e) {
  return apps::report_failure(e);
}
