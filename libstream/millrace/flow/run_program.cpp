#include "millrace/flow/run_program.hpp"

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

namespace millrace {

namespace {

enum exit_code { succeeded = 0, failed = 1, misused = 2 };

std::string name_of(int argc, const char* const* argv) {
  std::string path = argc > 0 ? argv[0] : "";
  auto name = path.substr(path.find_last_of('/') + 1);
  return name.empty() ? "program" : name;
}

std::string usage_of(const std::string& program) {
  return "Usage: " + program +
         " [OPTIONS]\n"
         "\n"
         "  -h, --help        Prints this\n"
         "  --master M        Where the job runs: local, local[N] or local[*]\n"
         "  --set KEY=VALUE   Sets an option of the job; may be repeated\n"
         "  --config FILE     Reads options of the job from a TOML file\n"
         "  --explain[=FORM]  Prints the plan of the job and does not run it: text, json or dot\n"
         "\n"
         "MILLRACE_... in the environment sets options too, for example\n"
         "MILLRACE_STREAM_BLOCK_INTERVAL=50ms; `millrace options` lists them all.\n";
}

bool asks_for_help(const std::vector<std::string>& args) {
  auto end = std::ranges::find(args, "--");
  return std::find_if(args.begin(), end, [](auto& a) { return a == "--help" || a == "-h"; }) != end;
}

result<configuration> read(std::vector<std::string> args) {
  auto conf = configuration::load(load_request::of_process(std::move(args)));
  if (conf && !conf->args().empty())
    return fail(errc::invalid_argument,
                "argument " + conf->args().front() + ": this program takes options only");
  return conf;
}

} // namespace

int run_program(int argc, const char* const* argv,
                const std::function<int(configuration conf)>& body) {
  const auto program = name_of(argc, argv);
  std::vector<std::string> args(argv + std::min(argc, 1), argv + argc);
  if (asks_for_help(args)) {
    std::cout << usage_of(program) << std::flush;
    return succeeded;
  }
  try {
    auto conf = read(std::move(args));
    if (!conf) {
      std::cerr << program << ": " << conf.error().message << "\n\n" << usage_of(program);
      return misused;
    }
    return body(std::move(*conf));
  } catch (const std::exception& e) {
    std::cerr << "error: " << e.what() << '\n';
  } catch (...) {
    std::cerr << "error: the job threw something that is not a std::exception\n";
  }
  return failed;
}

} // namespace millrace
