#include "millrace/flow/run_program.hpp"

#include <array>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace millrace;

namespace {

/// What goes to a stream while this lives.
class captured {
public:
  explicit captured(std::ostream& from) : from_{from}, before_{from.rdbuf(text_.rdbuf())} {}
  ~captured() { from_.rdbuf(before_); }
  std::string text() const { return text_.str(); }

private:
  std::ostringstream text_;
  std::ostream& from_;
  std::streambuf* before_;
};

struct outcome {
  int code = -1;
  std::string out;
  std::string err;
};

outcome run(std::vector<const char*> args, const std::function<int(configuration)>& body) {
  captured out{std::cout};
  captured err{std::cerr};
  args.insert(args.begin(), "/usr/bin/my_job");
  auto code = run_program(static_cast<int>(args.size()), args.data(), body);
  return {code, out.text(), err.text()};
}

int must_not_run(configuration) {
  FAIL("the body ran");
  return 0;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("the body gets the options, and its result is the exit code") {
  for (int code : {0, 7}) {
    auto done = run({"--master", "local[3]", "--set", "stream.block_interval=7ms"},
                    [&](const configuration& conf) {
                      CHECK(conf.master().threads == 3);
                      CHECK(conf.get_duration("stream.block_interval") == milliseconds(7));
                      return code;
                    });
    CHECK(done.code == code);
    CHECK(done.out.empty());
    CHECK(done.err.empty());
  }
}

TEST_CASE("--help and -h print the usage and run nothing") {
  for (const char* help : {"--help", "-h"}) {
    auto done = run({"--master", "local", help, "--nonsense"}, must_not_run);
    CHECK(done.code == 0);
    CHECK(done.err.empty());
    for (const char* part : {"Usage: my_job [OPTIONS]", "--master", "--set", "--config", "--help"})
      CHECK(contains(done.out, part));
  }
}

TEST_CASE("what is no option, or none of ours, or out of range ends with 2, the reason and the "
          "usage") {
  struct row {
    std::vector<const char*> args;
    const char* reason;
  };
  for (const auto& [args, reason] :
       std::vector<row>{{{"--mastr", "local"}, "did you mean '--master'?"},
                        {{"--master", "local[0]"}, "argument --master"},
                        {{"--master", "caf://head:7077"}, "argument --master"},
                        {{"--set", "stream.block_interval=soon"}, "stream.block_interval"},
                        {{"--config", "/nonexistent.toml"}, "/nonexistent.toml"},
                        {{"localhost"}, "argument localhost: this program takes options only"},
                        {{"--", "--help"}, "argument --help: this program takes options only"}}) {
    auto done = run(args, must_not_run);
    CAPTURE(done.err);
    CHECK(done.code == 2);
    CHECK(done.out.empty());
    CHECK(contains(done.err, "my_job: "));
    CHECK(contains(done.err, reason));
    CHECK(contains(done.err, "Usage: my_job [OPTIONS]"));
  }
}

TEST_CASE("what the body throws ends with 1 and the reason") {
  auto done = run({}, [](const configuration&) -> int {
    throw stream_error{errc::user_function_failed, "map at job.cpp:12 failed: no luck"};
  });
  CHECK(done.code == 1);
  CHECK(done.err == "error: map at job.cpp:12 failed: no luck\n");
  done = run({}, [](const configuration&) -> int { throw 42; });
  CHECK(done.code == 1);
  CHECK(contains(done.err, "not a std::exception"));
}

TEST_CASE("a process without even a name") {
  std::array<const char*, 1> nothing{nullptr};
  CHECK(run_program(0, nothing.data(), [](const configuration&) { return 3; }) == 3);
}
