#include "millrace/config/configuration.hpp"
#include "millrace/config/options.hpp"
#include "millrace/io/memory_file_system.hpp"

#include <array>
#include <chrono>
#include <cstdlib>
#include <string>

#include <doctest/doctest.h>

namespace {

using namespace millrace;
using namespace std::chrono_literals;

constexpr auto key = "stream.block_interval";

std::string origin_of(const configuration& conf, std::string_view wanted) {
  for (const auto& o : conf.explain())
    if (o.key == wanted)
      return o.origin;
  return "none";
}

template <class Body>
error error_of(Body body) {
  try {
    body();
  } catch (const stream_error& e) {
    return e.info();
  }
  return {errc::ok, ""};
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("the defaults") {
  const auto conf = configuration::defaults();
  CHECK(conf.app_name() == "millrace");
  CHECK(conf.master() == master_spec{master_kind::local, 0});
  CHECK(conf.get_duration(key) == 200ms);
  CHECK(conf.bytes("stream.max_block_bytes") == 4'194'304);
  CHECK(conf.bytes("stream.max_record_bytes") == 1'048'576);
  CHECK(conf.bytes("stream.block_store_bytes") == 268'435'456);
  CHECK(conf.integer("stream.receiver_max_rate") == 0);
  CHECK(conf.integer("stream.batches_in_flight") == 2);
  CHECK(conf.integer("stream.batches_waiting") == 16);
  CHECK(conf.integer("stream.task_max_failures") == 4);
  CHECK(conf.text("stream.on_batch_failure") == "stop");
  CHECK(conf.real("stream.delay_warning") == 1.0);
  CHECK(conf.get_duration("receiver.restart_delay") == 2s);
  CHECK(conf.integer("receiver.restart_intensity") == 10);
  CHECK(conf.get_duration("receiver.restart_period") == 60s);
  CHECK(conf.boolean("stop.gracefully_on_signal"));
  CHECK(conf.get_duration("stop.graceful_timeout") == 0s);
  CHECK(conf.text("scheduler.policy") == "sharing");
  CHECK(conf.args().empty());
  for (const auto& o : conf.explain())
    CHECK(o.origin == "default");
  CHECK(conf.explain().size() == all_options().size());
}

TEST_CASE("every later source wins over the earlier ones") {
  load_request request;
  CHECK(configuration::load(request)->text(key) == "200ms");
  request.toml_text = "[stream]\nblock_interval = '1s'";
  request.toml_path = "job.toml";
  auto conf = configuration::load(request).value();
  CHECK(conf.text(key) == "1s");
  CHECK(origin_of(conf, key) == "job.toml:2");
  request.environment["MILLRACE_STREAM_BLOCK_INTERVAL"] = "2s";
  conf = configuration::load(request).value();
  CHECK(conf.text(key) == "2s");
  CHECK(origin_of(conf, key) == "environment variable MILLRACE_STREAM_BLOCK_INTERVAL");
  request.args = {"--set", "stream.block_interval=3s"};
  conf = configuration::load(request).value();
  CHECK(conf.text(key) == "3s");
  CHECK(origin_of(conf, key) == "argument --set stream.block_interval");
  request.args.insert(request.args.end(), {"--conf", "spark.streaming.blockInterval=4000"});
  conf = configuration::load(request).value();
  CHECK(conf.text(key) == "4s");
  conf.set(key, 5s);
  CHECK(conf.text(key) == "5s");
  CHECK(origin_of(conf, key) == "code");
}

TEST_CASE("a value that a later source replaces is checked all the same") {
  load_request request;
  request.environment["MILLRACE_STREAM_BLOCK_INTERVAL"] = "0";
  request.args = {"--stream.block_interval=1s"};
  const auto conf = configuration::load(request);
  REQUIRE_FALSE(conf);
  CHECK(conf.error().message ==
        "environment variable MILLRACE_STREAM_BLOCK_INTERVAL: option 'stream.block_interval' is "
        "'0', but should be a positive value: a duration from 1ms to 1000d, such as 200ms, 1.5s "
        "or 2m");
}

TEST_CASE("--config names the file that is read") {
  const auto files = std::make_shared<memory_file_system>();
  const std::string text = "master = 'local[3]'";
  REQUIRE(files->write_file_atomic(
      "job.toml", {reinterpret_cast<const unsigned char*>(text.data()), text.size()}));
  REQUIRE(files->write_file_atomic("big.toml", std::vector<unsigned char>(2'000'000, '#')));
  load_request request;
  request.files = files;
  request.args = {"a", "--config", "job.toml", "b"};
  const auto conf = configuration::load(request).value();
  CHECK(conf.master().threads == 3);
  CHECK(origin_of(conf, "master") == "job.toml:1");
  CHECK(conf.args() == std::vector<std::string>{"a", "b"});

  for (const char* path : {"none.toml", "big.toml"}) {
    request.args = {"--config", path};
    const auto failed = configuration::load(request);
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == errc::invalid_argument);
    CHECK(contains(failed.error().message, path));
  }
  request.files = nullptr;
  CHECK_FALSE(configuration::load(request));
}

TEST_CASE("options are set in code, by either name, and chained") {
  auto conf = configuration::defaults()
                  .app_name("count")
                  .master("local[2]")
                  .set("spark.streaming.blockInterval", "500")
                  .set("spark.streaming.receiver.maxRate", -1)
                  .set("stop.handle_signals", false)
                  .set("stream.delay_warning", 2.5)
                  .set("stream.max_block_bytes", std::size_t{1'000})
                  .set("stream.on_batch_failure", std::string{"skip"});
  CHECK(conf.app_name() == "count");
  CHECK(conf.master().threads == 2);
  CHECK(conf.get_duration(key) == 500ms);
  CHECK(conf.get_duration("spark.streaming.blockInterval") == 500ms);
  CHECK(conf.integer("stream.receiver_max_rate") == 0);
  CHECK_FALSE(conf.boolean("stop.handle_signals"));
  CHECK(conf.real("stream.delay_warning") == 2.5);
  CHECK(conf.bytes("stream.max_block_bytes") == 1'000);
  CHECK(conf.text("stream.max_block_bytes") == "1000B");
  CHECK(conf.text("stream.on_batch_failure") == "skip");
  CHECK(conf.explicitly_set(key));
  CHECK(conf.explicitly_set("spark.streaming.blockInterval"));
  CHECK_FALSE(conf.explicitly_set("log.level"));
  CHECK(configuration::has("spark.master"));
  CHECK_FALSE(configuration::has("spark.mister"));
}

TEST_CASE("a refused value changes nothing") {
  auto conf = configuration::defaults();
  const auto refused = error_of([&] { conf.set(key, "-1s"); });
  CHECK(refused.code == errc::invalid_argument);
  CHECK(contains(refused.message, "code: option 'stream.block_interval' is '-1s'"));
  CHECK(error_of([&] { conf.set(key, -1s); }).code == errc::invalid_argument);
  CHECK(error_of([&] { conf.master("caf://head:7077"); }).code == errc::unsupported);
  CHECK(conf.get_duration(key) == 200ms);
  CHECK_FALSE(conf.explicitly_set(key));
  CHECK(conf.master().threads == 0);
}

TEST_CASE("unknown keys and getters of the wrong type are errors of the program") {
  auto conf = configuration::defaults();
  const auto unknown = error_of([&] { conf.set("stream.blok_interval", "1s"); });
  CHECK(unknown.code == errc::invalid_argument);
  CHECK(contains(unknown.message, "did you mean 'stream.block_interval'?"));
  CHECK(contains(error_of([&] { (void)conf.text("nothing.like.this.one"); }).message,
                 "unknown option 'nothing.like.this.one'"));
  CHECK(contains(error_of([&] { (void)conf.integer(key); }).message,
                 "'stream.block_interval' is a duration, not an integer"));
  CHECK(error_of([&] { (void)conf.bytes("stream.batches_waiting"); }).code ==
        errc::invalid_argument);
  CHECK(error_of([&] { (void)conf.explicitly_set("x.y"); }).code == errc::invalid_argument);
}

TEST_CASE("copies are independent") {
  const auto first = configuration::defaults();
  auto second = first;
  second.app_name("other");
  CHECK(first.app_name() == "millrace");
}

TEST_CASE("from_args reads this process") {
  ::setenv("MILLRACE_STREAM_TASK_MAX_FAILURES", "7", 1);
  const std::array argv{"program", "host", "--master=local[2]", "80"};
  const auto conf = configuration::from_args(static_cast<int>(argv.size()), argv.data());
  CHECK(conf.master().threads == 2);
  CHECK(conf.integer("spark.task.maxFailures") == 7);
  CHECK(conf.args() == std::vector<std::string>{"host", "80"});
  ::setenv("MILLRACE_NONSENSE", "1", 1);
  const auto read = [&] { (void)configuration::from_args(1, argv.data()); };
  CHECK(error_of(read).code == errc::invalid_argument);
  ::unsetenv("MILLRACE_NONSENSE");
  ::unsetenv("MILLRACE_STREAM_TASK_MAX_FAILURES");
  CHECK(error_of(read).code == errc::ok);
}

} // namespace
