// Counts the words of the text files that appear in a directory, packed ones (.gz, .zst) too. Files
// should be written elsewhere and then moved there.
#include "example_options.hpp"
#include "millrace/millrace.hpp"

using namespace millrace;

int main(int argc, char** argv) try {
  bool existing = false;
  apps::example_arguments arguments{"file_word_count",
                                    "Counts the words of each batch of files that appear in DIR."};
  arguments.add_directory();
  arguments.add_flag("--existing", existing, "Count the files that are there at the start too");
  const auto options = arguments.parse(argc, argv);
  stream_context ssc{options.conf, options.batch};

  ssc.text_file_stream(options.directory, {.new_files_only = !existing})
      .flat_map(split(' '))
      .map([](auto word) { return std::pair(word, 1L); })
      .reduce_by_key(std::plus{})
      .print(options.shown);

  return apps::run_example(ssc, options);
} catch (const std::exception& e) {
  return apps::report_failure(e);
}
