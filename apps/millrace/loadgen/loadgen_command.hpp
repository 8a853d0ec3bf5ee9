#pragma once

#include "loadgen/text_records.hpp"
#include "serving/serve.hpp"

namespace CLI {
class App;
}

namespace millrace::apps {

/// `millrace loadgen text` and `millrace loadgen raw`: sources to try streams with, over TCP or to
/// standard output.
class loadgen_command {
public:
  /// Adds itself to the command line; must live as long as that.
  explicit loadgen_command(CLI::App& app);

  bool chosen() const;
  /// Returns the exit code; throws stream_error.
  int run() const;

private:
  void add_options(CLI::App& command);

  CLI::App* text_ = nullptr;
  CLI::App* raw_ = nullptr;
  text_recipe recipe_;
  serve_options serving_;
};

} // namespace millrace::apps
