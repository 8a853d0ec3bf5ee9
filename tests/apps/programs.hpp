#pragma once

#include "support/process.hpp"

#include <cstdint>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

/// What the tests of the programs share.
namespace millrace::test {

using word_counts = std::map<std::string, std::uint64_t>;

/// The path of one of our programs.
inline std::string program(std::string_view name) {
  return std::string{MILLRACE_BIN_DIR} + '/' + std::string{name};
}

/// Counts the words of a text with nothing of Millrace in it.
inline word_counts count_words(const std::string& text) {
  word_counts counts;
  std::istringstream words{text};
  for (std::string word; words >> word;)
    ++counts[word];
  return counts;
}

/// The sum of every `(word,count)` line over all batches that `print` wrote.
inline word_counts sum_of_printed(const std::string& printed) {
  word_counts counts;
  std::istringstream lines{printed};
  for (std::string line; std::getline(lines, line);)
    if (const auto comma = line.rfind(','); line.starts_with('(') && comma != std::string::npos)
      counts[line.substr(1, comma - 1)] += std::stoull(line.substr(comma + 1));
  return counts;
}

/// How many batches `print` wrote.
inline std::size_t printed_batches(const std::string& printed) {
  std::size_t n = 0;
  for (auto at = printed.find("Time: "); at != std::string::npos;
       at = printed.find("Time: ", at + 1))
    ++n;
  return n;
}

/// What `loadgen text` with these arguments sends.
inline std::string dump_text(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {program("millrace"), "loadgen", "text", "--dump"});
  return run_process(std::move(arguments)).out;
}

/// A `loadgen text` that listens.
class text_source {
public:
  /// `port` 0 is any free one.
  explicit text_source(std::vector<std::string> arguments, const std::string& port = "0")
      : process_{command(std::move(arguments), port)} {
    const auto line = process_.wait_for_out("listening on ").value_or("");
    port_ = line.substr(line.rfind(':') + 1);
  }

  /// Empty when it did not start.
  const std::string& port() const { return port_; }
  process& running() { return process_; }

private:
  static std::vector<std::string> command(std::vector<std::string> arguments,
                                          const std::string& port) {
    arguments.insert(arguments.begin(),
                     {program("millrace"), "loadgen", "text", "--listen", "127.0.0.1:" + port});
    return arguments;
  }

  process process_;
  std::string port_;
};

} // namespace millrace::test
