#pragma once

#include "support/places.hpp"
#include "support/process.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

/// What the tests of the programs share.
namespace millrace::test {

using word_counts = std::map<std::string, std::uint64_t>;

/// The path of one of our programs.
inline std::string program(std::string_view name) {
  return program_directory() + '/' + std::string{name};
}

/// The command of one of our programs that reads from a local port.
inline std::vector<std::string> reading(std::string_view name, const std::string& port,
                                        std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {program(name), "127.0.0.1", port});
  return arguments;
}

/// Asks until it is so; false when patience ends first.
template <class Question>
bool eventually(Question is_so) {
  const auto limit = std::chrono::steady_clock::now() + process::patience;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > limit)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  return true;
}

/// Counts the words of a text with nothing of Millrace in it.
inline word_counts count_words(const std::string& text) {
  word_counts counts;
  std::istringstream words{text};
  for (std::string word; words >> word;)
    ++counts[word];
  return counts;
}

/// A batch as `print` wrote it.
struct printed_batch {
  std::int64_t time_ms = 0;
  std::vector<std::string> lines;

  /// The lines of the form `(word,count)`.
  word_counts counts() const {
    word_counts all;
    for (const auto& line : lines)
      if (const auto comma = line.rfind(','); line.starts_with('(') && comma != line.npos)
        all[line.substr(1, comma - 1)] += std::stoull(line.substr(comma + 1));
    return all;
  }
};

/// The batches that have been printed to their end.
inline std::vector<printed_batch> batches_of(const std::string& printed) {
  const std::string heading = "Time: ";
  std::vector<printed_batch> complete;
  printed_batch next;
  bool inside = false;
  std::istringstream lines{printed};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(heading)) {
      next = {std::stoll(line.substr(heading.size())), {}};
      inside = true;
    } else if (line.empty() && inside) {
      complete.push_back(std::move(next));
      inside = false;
    } else if (inside && !line.starts_with("-----")) {
      next.lines.push_back(line);
    }
  }
  return complete;
}

/// The sum of every `(word,count)` line of batches `first`, `first + step`, ...
inline word_counts sum_of(const std::vector<printed_batch>& batches, std::size_t first = 0,
                          std::size_t step = 1) {
  word_counts sum;
  for (auto i = first; i < batches.size(); i += step)
    for (const auto& [word, count] : batches[i].counts())
      sum[word] += count;
  return sum;
}

inline word_counts sum_of_printed(const std::string& printed) {
  return sum_of(batches_of(printed));
}

/// How many batches `print` wrote.
inline std::size_t printed_batches(const std::string& printed) {
  return batches_of(printed).size();
}

/// The batch that was printed last; one without lines before the first.
inline printed_batch last_printed(const std::string& printed) {
  auto batches = batches_of(printed);
  return batches.empty() ? printed_batch{} : std::move(batches.back());
}

/// What `loadgen text` with these arguments sends.
inline std::string dump_text(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {program("millrace"), "loadgen", "text", "--dump"});
  return run_process(std::move(arguments)).out;
}

/// A program of ours that serves records.
class record_source {
public:
  explicit record_source(std::vector<std::string> command) : process_{std::move(command)} {
    const auto line = process_.wait_for_out("listening on ").value_or("");
    port_ = line.substr(line.rfind(':') + 1);
  }

  /// Empty when it did not start.
  const std::string& port() const { return port_; }
  process& running() { return process_; }

private:
  process process_;
  std::string port_;
};

/// A `loadgen text` (or another mode of it) that listens.
class text_source : public record_source {
public:
  /// `port` 0 is any free one.
  explicit text_source(std::vector<std::string> arguments, const std::string& port = "0",
                       const std::string& mode = "text")
      : record_source{command(std::move(arguments), port, mode)} {}

private:
  static std::vector<std::string> command(std::vector<std::string> arguments,
                                          const std::string& port, const std::string& mode) {
    arguments.insert(arguments.begin(),
                     {program("millrace"), "loadgen", mode, "--listen", "127.0.0.1:" + port});
    return arguments;
  }
};

} // namespace millrace::test
