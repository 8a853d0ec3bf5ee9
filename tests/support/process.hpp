#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace millrace::test {

/// A child process whose output is collected while it runs, so that it never blocks on a full pipe.
/// Standard input is empty. What a child writes beyond `max_output` bytes is read and dropped. The
/// destructor kills what still runs, and so does the end of the thread that made it.
class process {
public:
  static constexpr std::size_t max_output = std::size_t{256} << 20;
  /// Far longer than anything takes that works, so that waiting for it means failure.
  static constexpr std::chrono::seconds patience{30};

  /// Held output is not read before `release`, so that the child blocks once its pipe is full.
  enum class output { collected, held };

  /// `argv[0]` is the path of the program; `environment` is added to this process's. Throws
  /// std::system_error.
  explicit process(std::vector<std::string> argv,
                   std::map<std::string, std::string> environment = {},
                   output how = output::collected);
  process(const process&) = delete;
  process& operator=(const process&) = delete;
  ~process();

  void send_signal(int number);

  /// For held output: waits until the child cannot write any more; false when patience ends first.
  bool wait_until_full();
  /// Reads held output from now on.
  void release();

  /// What it has written so far.
  std::string out() const;
  std::string err() const;

  /// Waits until it has written a line that contains `text`, and returns that line; nothing when it
  /// ended without, or when patience did.
  std::optional<std::string> wait_for_out(std::string_view text);
  std::optional<std::string> wait_for_err(std::string_view text);

  /// Waits for its end and all of its output: the exit status, or 128 + the signal that killed it;
  /// nothing when it still runs after `limit`.
  std::optional<int> wait(std::chrono::milliseconds limit = patience);

private:
  struct captured {
    std::string text;
    bool closed = false;
  };

  void spawn(const std::vector<std::string>& argv,
             const std::map<std::string, std::string>& environment);
  void collect_released(int from);
  void collect(int from, captured& into);
  void reap();
  std::optional<std::string> wait_for_line(const captured& in, std::string_view text);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  captured out_;
  captured err_;
  std::optional<int> status_;
  int pid_ = -1;
  bool released_ = true;
  /// Held output: our own end for writing, to see whether the pipe is full.
  int held_ = -1;
  std::vector<std::jthread> threads_;
};

/// Runs a program to its end: status (128 + signal; -1 when it had to be killed), standard output
/// and standard error.
struct finished_process {
  int status = -1;
  std::string out;
  std::string err;
};
finished_process run_process(std::vector<std::string> argv,
                             std::map<std::string, std::string> environment = {});

} // namespace millrace::test
