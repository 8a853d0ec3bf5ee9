#pragma once

#include "loadgen/text_stream.hpp"

#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace millrace::apps {

/// `millrace loadgen text`: a text source to try streams with, over TCP or to standard output.
class loadgen_command {
public:
  /// Adds itself to the command line; must live as long as that.
  explicit loadgen_command(CLI::App& app);

  bool chosen() const;
  /// Returns the exit code; throws stream_error.
  int run() const;

private:
  int dump() const;
  int serve() const;

  CLI::App* text_ = nullptr;
  std::string listen_ = "127.0.0.1:9999";
  /// Records per second; 0 is as fast as possible.
  std::uint64_t rate_ = 10'000;
  text_recipe recipe_;
  std::uint64_t clients_ = 0;
  bool dump_ = false;
  bool insecure_ = false;
};

} // namespace millrace::apps
