#pragma once

#include "millrace/base/time.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace millrace::apps {

/// Which numbers an argument may be.
struct number_range {
  std::uint64_t least = 0;
  std::uint64_t most = 1'000'000'000'000'000;
};

/// The command line of a program: first say what it takes, then read it.
///
/// A name with dashes is an option, whose default is what its variable holds before; any other name
/// is an argument that must be given, in the order in which they are added. The variables must live
/// until `read` has returned.
class arguments {
public:
  arguments(std::string program, std::string about);
  arguments(const arguments&) = delete;
  arguments& operator=(const arguments&) = delete;
  ~arguments();

  /// A span of time in the project's own notation, by default not zero.
  void add(const char* name, duration& to, const char* about, duration least = milliseconds(1));
  void add(const char* name, std::uint64_t& to, const char* about, number_range allowed = {});
  void add(const char* name, std::string& to, const char* about);
  void add_choice(const char* name, std::string& to, const std::vector<std::string>& allowed,
                  const char* about);
  /// `take(text)` reads it, and throws stream_error(invalid_argument) when it cannot.
  void add(const char* name, std::function<void(const std::string&)> take, const char* about,
           const std::string& shown_default = {});
  void add_flag(const char* name, bool& to, const char* about);

  /// Ends the process with 0 after `--help`, and with 2, the reason and the usage on standard error
  /// when the arguments are wrong.
  void read(int argc, const char* const* argv);

protected:
  CLI::App& app() { return *app_; }
  /// Called when the arguments have been read; a stream_error means that they are wrong.
  virtual void finish() {}

private:
  [[noreturn]] void refuse(const std::string& why) const;

  std::unique_ptr<CLI::App> app_;
};

} // namespace millrace::apps
