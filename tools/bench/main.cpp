#include "suite/registry.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace {

using millrace::bench::all_benchmarks;
using millrace::bench::benchmark;

struct command_line {
  bool list = false;
  millrace::bench::run_options options;
  std::vector<std::string> names;
  std::string fixed;
  bool first_batch = false;
  bool first_tick = false;
};

void describe(CLI::App& app, command_line& line) {
  app.add_flag("--list", line.list, "Print the names of the benchmarks and what they measure");
  app.add_flag("--quick", line.options.quick,
               "Small inputs, one round: checks answers, its times mean nothing");
  app.add_option("NAME", line.names,
                 "Benchmarks to run; 'all' or none: those that --list shows without a star");
  app.add_option("--fixed", line.fixed, "A fixed amount of work, for callgrind")->group("");
  app.add_flag("--first-batch", line.first_batch, "What 'start' times")->group("");
  app.add_flag("--first-tick", line.first_tick, "What 'start' compares with")->group("");
}

void list() {
  for (auto& b : all_benchmarks())
    std::cout << b.name << (b.by_default ? "" : "*") << "  " << b.doc << '\n';
}

std::vector<const benchmark*> chosen(const std::vector<std::string>& names) {
  std::vector<const benchmark*> out;
  for (auto& name : names) {
    auto it = std::ranges::find(all_benchmarks(), name, &benchmark::name);
    if (it != all_benchmarks().end())
      out.push_back(&*it);
    else if (name != "all")
      throw CLI::ValidationError{"NAME", "there is no benchmark '" + name +
                                             "'; --list shows what there is"};
  }
  const bool all = names.empty() || std::ranges::find(names, "all") != names.end();
  for (auto& b : all_benchmarks())
    if (all && b.by_default && std::ranges::find(out, &b) == out.end())
      out.push_back(&b);
  return out;
}

int run(const command_line& line) {
  millrace::bench::report to;
  int failed = 0;
  for (auto* b : chosen(line.names)) {
    try {
      b->run(to, line.options);
    } catch (const std::exception& e) {
      std::cerr << "bench: " << b->name << ": " << e.what() << '\n';
      failed = 1;
    }
  }
  return failed;
}

} // namespace

int main(int argc, char** argv) {
  const auto began = std::chrono::steady_clock::now().time_since_epoch();
  const std::int64_t began_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(began).count();
  CLI::App app{
      "Millrace's benchmarks: each prints lines of JSON that compare ours with a hand loop"};
  command_line line;
  describe(app, line);
  try {
    app.parse(argc, argv);
    if (line.first_batch)
      millrace::bench::first_batch(began_ns);
    else if (line.first_tick)
      millrace::bench::first_tick(began_ns);
    else if (!line.fixed.empty())
      return millrace::bench::run_fixed_work(line.fixed) ? 0 : 2;
    else if (line.list)
      list();
    else
      return run(line);
    return 0;
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  } catch (const std::exception& e) {
    std::cerr << "bench: " << e.what() << '\n';
    return 1;
  }
}
