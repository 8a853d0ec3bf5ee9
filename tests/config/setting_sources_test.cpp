#include "millrace/config/configuration.hpp"
#include "millrace/config/options.hpp"
#include "millrace/config/setting_sources.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace {

using namespace millrace;

using strings = std::vector<std::string>;

/// "key=text (origin)" of each setting.
strings shown(const std::vector<raw_setting>& settings) {
  strings lines;
  for (const auto& s : settings)
    lines.push_back(std::string{all_options()[s.option_index].key} + "=" + s.text + " (" +
                    s.origin + ")");
  return lines;
}

void check_refused(const error& e, const strings& parts) {
  CHECK(e.code == errc::invalid_argument);
  CAPTURE(e.message);
  for (const auto& part : parts) {
    CAPTURE(part);
    CHECK(e.message.find(part) != std::string::npos);
  }
}

TEST_CASE("arguments in every spelling") {
  const auto read = read_arguments(
      {"localhost", "--master", "local[2]", "--set", "stream.block_interval=100ms", "--conf",
       "spark.task.maxFailures=2", "--log.level", "debug", "--app.name=a=b", "9999", "-",
       "--set=scheduler.threads=3", "--config", "job.toml", "--", "--master", "-x"});
  REQUIRE(read);
  CHECK(shown(read->settings) ==
        strings{"master=local[2] (argument --master)",
                "stream.block_interval=100ms (argument --set stream.block_interval)",
                "stream.task_max_failures=2 (argument --conf spark.task.maxFailures)",
                "log.level=debug (argument --log.level)", "app.name=a=b (argument --app.name)",
                "scheduler.threads=3 (argument --set scheduler.threads)"});
  CHECK(read->positional == strings{"localhost", "9999", "-", "--master", "-x"});
  CHECK(read->config_file == "job.toml");
  CHECK(read_arguments({})->settings.empty());
}

TEST_CASE("--explain takes its form behind an equals sign only") {
  const auto read = read_arguments({"--explain", "localhost", "--explain=dot"});
  REQUIRE(read);
  CHECK(shown(read->settings) ==
        strings{"app.explain=text (argument --explain)", "app.explain=dot (argument --explain)"});
  CHECK(read->positional == strings{"localhost"});
  load_request request;
  request.args = {"--explain"};
  CHECK(configuration::load(request)->text("app.explain") == "text");
  request.args = {"--explain=svg"};
  check_refused(configuration::load(request).error(),
                {"argument --explain", "svg", "off or text or json or dot"});
}

TEST_CASE("wrong arguments are named") {
  struct row {
    strings arguments;
    strings parts;
  };
  for (const auto& [arguments, parts] :
       {row{{"--matser", "local"}, {"--matser", "unknown option", "did you mean '--master'?"}},
        row{{"--stream.blok_interval=1s"}, {"did you mean '--stream.block_interval'?"}},
        row{{"--set", "stream.blok_interval=1s"},
            {"argument --set stream.blok_interval", "did you mean 'stream.block_interval'?"}},
        row{{"--conf", "nonsense"}, {"'nonsense' is not of the form key=value"}},
        row{{"--set", "=1"}, {"unknown option ''"}},
        row{{"--master"}, {"argument --master: a value must follow"}},
        row{{"--master", "--set", "a=b"}, {"argument --master: a value must follow"}},
        row{{"-m", "local"}, {"argument -m: unknown option"}},
        row{{"---"}, {"argument ---: unknown option"}},
        row{{"--=x"}, {"argument --: unknown option"}},
        row{{"--qqqqqqqq"}, {"write -- before arguments of the program"}}}) {
    const auto read = read_arguments(arguments);
    REQUIRE_FALSE(read);
    check_refused(read.error(), parts);
  }
}

TEST_CASE("environment variables") {
  const auto read = read_environment({{"PATH", "/bin"},
                                      {"MILLRACE_SEED", "12"},
                                      {"MILLRACE_MASTER", "local"},
                                      {"MILLRACE_STREAM_BLOCK_INTERVAL", "1s"}});
  REQUIRE(read);
  CHECK(shown(*read) ==
        strings{"master=local (environment variable MILLRACE_MASTER)",
                "stream.block_interval=1s (environment variable MILLRACE_STREAM_BLOCK_INTERVAL)"});
  const auto wrong = read_environment({{"MILLRACE_STREAM_BLOCK_INTERVALL", "1s"}});
  REQUIRE_FALSE(wrong);
  check_refused(wrong.error(), {"environment variable MILLRACE_STREAM_BLOCK_INTERVALL",
                                "did you mean 'MILLRACE_STREAM_BLOCK_INTERVAL'?"});
  CHECK_FALSE(read_environment({{"MILLRACE_", "1"}}));
}

TEST_CASE("TOML in tables, dotted keys and Spark's names") {
  const auto read = read_toml("master = \"local[2]\"\n"
                              "[stream]\n"
                              "block_interval = 100\n"
                              "delay_warning = 2.5\n"
                              "[stop]\n"
                              "handle_signals = false\n"
                              "[spark.streaming]\n"
                              "receiverRestartDelay = \"3s\"\n",
                              "job.toml");
  REQUIRE(read);
  auto lines = shown(*read);
  std::sort(lines.begin(), lines.end());
  CHECK(lines == strings{"master=local[2] (job.toml:1)", "receiver.restart_delay=3s (job.toml:8)",
                         "stop.handle_signals=false (job.toml:6)",
                         "stream.block_interval=100 (job.toml:3)",
                         "stream.delay_warning=2.5 (job.toml:4)"});
  CHECK(read_toml("", "x")->empty());
}

TEST_CASE("wrong TOML is named by file and line") {
  struct row {
    const char* text;
    strings parts;
  };
  for (const auto& [text, parts] :
       {row{"[stream]\n\nblok_interval = 1",
            {"job.toml:3", "'stream.blok_interval'", "did you mean 'stream.block_interval'?"}},
        row{"master = ", {"job.toml:1", "not valid TOML"}},
        row{"a = 1\na = 2", {"job.toml:2", "not valid TOML"}},
        row{"master = ['local']", {"job.toml:1", "'master' must be text"}},
        row{"log.level = 1979-05-27", {"job.toml:1", "must be text"}},
        row{"stream = 1", {"job.toml:1", "unknown option 'stream'"}},
        row{"[stream]\nblock_interval = 1\n[spark.streaming]\nblockInterval = 2",
            {"option 'stream.block_interval' is set already at job.toml:"}}}) {
    CAPTURE(text);
    const auto read = read_toml(text, "job.toml");
    REQUIRE_FALSE(read);
    check_refused(read.error(), parts);
  }
}

} // namespace
