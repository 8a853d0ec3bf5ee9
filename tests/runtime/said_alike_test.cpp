#include "runtime/files/file_job.hpp"
#include "runtime/receivers/receiver_job.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <stdexcept>

using namespace millrace;
using namespace millrace::test;

namespace {

/// The totals of counters, and the names of gauges.
class kept_metrics final : public metric_observer {
public:
  void add(std::string_view name, std::string_view label, std::uint64_t n) override {
    std::lock_guard guard{mutex_};
    seen_[std::string{name} + "{" + std::string{label} + "}"] += n;
  }
  void set(std::string_view name, std::string_view label, double) override {
    std::lock_guard guard{mutex_};
    seen_[std::string{name} + "{" + std::string{label} + "} gauge"] = 0;
  }
  std::map<std::string, std::uint64_t> seen() const {
    std::lock_guard guard{mutex_};
    return seen_;
  }

private:
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t> seen_;
};

struct said {
  std::vector<std::string> events;
  std::vector<std::string> lines;
  std::map<std::string, std::uint64_t> metrics;
};

/// Without the figures of time, which differ: how long something lasted, and the delay of a
/// restart, in which there is chance.
std::string timeless(std::string text) {
  text = text.substr(0, text.find("restart in "));
  if (auto end = text.find(" altogether"); end != std::string::npos) {
    auto begin = text.rfind(" in ", end);
    text.erase(begin, end - begin);
  }
  return text;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (auto& line : lines)
    out += line + "\n";
  return out;
}

std::string shown(const std::map<std::string, std::uint64_t>& metrics) {
  std::string out;
  for (auto& [name, total] : metrics)
    out += name + " " + std::to_string(total) + "\n";
  return out;
}

/// A job in which about everything happens that is told of: a receiver that does not start at
/// first, reports an error, restarts and stops; a batch that fails and is skipped.
said run_eventful_job(engine& on) {
  auto log = std::make_shared<memory_log>();
  auto metrics = std::make_shared<kept_metrics>();
  auto events = std::make_shared<event_log>();
  probe p;
  p.at_start = [&](receiver<int>&) {
    if (p.starts == 1)
      throw std::runtime_error("not yet");
  };
  p.at_stop = [&](receiver<int>&) {
    if (p.stops == 1)
      throw std::runtime_error("stopping is hard");
  };
  auto context = on.make_context(test_configuration()
                                     .set("stream.on_batch_failure", "skip")
                                     .set("stream.task_max_failures", 2)
                                     .set("receiver.restart_delay", "100ms"),
                                 milliseconds(500));
  context->set_log(log);
  context->set_metrics(metrics);
  context->add_listener(events);
  std::atomic<int> batches = 0;
  context->receiver_stream([&p] { return std::make_shared<probed_receiver>(p); })
      .name("numbers")
      .map([](int x) { return x < 0 ? throw std::runtime_error("negative") : x; })
      .for_each_batch([&](const batch<int>&) { ++batches; });
  context->start();
  // Small steps, so that even where many are made no minute passes, with which lines are repeated.
  auto until = [&](auto done) { CHECK(on.advance_until(milliseconds(20), done)); };
  auto completed = [&] { return events->completed().size(); };
  auto next_batch = [&] { until([&, n = completed()] { return completed() > n; }); };
  until([&] { return p.starts == 2 && p.live.load()->is_started(); });
  CHECK(p.live.load()->store(1));
  next_batch();
  p.live.load()->report_error("an odd record");
  CHECK(p.live.load()->store(-1));
  until([&] { return metrics->seen().contains("batches_failed_total{}"); });
  p.live.load()->restart("moved");
  until([&] { return p.starts == 3 && p.live.load()->is_started(); });
  CHECK(p.live.load()->store(2));
  p.live.load()->stop("enough");
  until([&] { return !events->events("receiver stopped").empty(); });
  context->request_stop(stop_mode::graceful);
  until([&] { return context->await_termination_for(duration{0}); });

  said out;
  out.metrics = metrics->seen();
  out.metrics.erase("batches_completed_total{}"); // As many as the clock was moved.
  for (auto& [name, total] : out.metrics)
    if (name.starts_with("stage_busy_"))
      total = 0;
  CHECK(batches > 0);
  for (auto& e : events->events())
    if (!e.starts_with("batch ") && !e.starts_with("output "))
      out.events.push_back(e);
  for (auto& e : log->entries())
    if (e.level >= log_level::info && !e.text.starts_with("batch "))
      out.lines.push_back(e.component + ": " + timeless(e.text));
  for (auto& e : log->entries())
    if (e.text.starts_with("batch ")) // Its time differs.
      out.lines.push_back(
          e.component + ": batch" +
          e.text.substr(e.text.find(" is "), e.text.find(" (batch ") - e.text.find(" is ")));
  return out;
}

/// A stream of files with state and two outputs, and one of numbers that has no batch at 2 s.
/// `most` is how many keys there are in the end.
void build_failing_job(basic_stream_context& context, std::atomic<std::size_t>& most) {
  file_stream_options options;
  options.wait_until_stable = false;
  auto counted =
      context.text_file_stream("/in", options)
          .map([](std::string_view line) {
            return line == "bad task" ? throw std::runtime_error("a bad line") : std::string{line};
          })
          .map([](std::string line) {
            return std::pair{std::move(line), 1};
          })
          .update_state_by_key<int>([](const std::vector<int>& more, std::optional<int> old) {
            return std::optional{old.value_or(0) + static_cast<int>(more.size())};
          })
          .name("counted");
  counted.for_each_batch([&](const batch<std::pair<std::string, int>>& b) { most = b.size(); });
  counted
      .for_each_batch([](const batch<std::pair<std::string, int>>& b) {
        for (auto& [line, n] : b.collect())
          if (line == "bad output")
            throw std::runtime_error("a bad sum");
      })
      .name("report")
      .on_failure(failure_policy::skip);
  context
      .input_stream<int>([](batch_time t) {
        return t == batch_time{2000} ? std::nullopt : std::optional{batch<int>{1, 2}};
      })
      .count_by_window(seconds(2), seconds(2))
      .for_each_batch([](const batch<std::int64_t>&) {});
}

/// A job in which about everything happens that can happen to files, state and outputs: a directory
/// that is missing and comes, a file that cannot be read, one that comes later for want of room,
/// a task and an output that fail for good, and a batch without one of its streams.
said run_failing_job(engine& on) {
  auto metrics = std::make_shared<kept_metrics>();
  file_job job{on, test_configuration()
                       .set("stream.on_batch_failure", "skip")
                       .set("stream.task_max_failures", 2)
                       .set("stream.max_batch_bytes", 8)
                       .set("stream.batches_in_flight", 1)}; // So stages are chained alike.
  job.context->set_metrics(metrics);
  job.disk->fail_when(
      [](auto operation, auto& path) { return operation == "read" && path == "/in/unreadable"; });
  std::atomic<std::size_t> most = 0;
  build_failing_job(*job.context, most);
  job.context->start();
  job.run();
  job.put("/in/a", "one\ntwo");
  job.put("/in/b", "three");
  job.run();
  job.run();
  job.put("/in/unreadable", "4");
  job.put("/in/c", "5");
  job.run();
  job.run();
  job.put("/in/d", "bad task");
  job.run();
  job.put("/in/e", "bad output");
  job.run();
  job.context->stop(stop_mode::graceful);
  CHECK(job.context->await_termination() == 0);
  CHECK(most == 5);

  said out;
  out.metrics = metrics->seen();
  for (auto& [name, total] : out.metrics)
    if (name.starts_with("stage_busy_"))
      total = 0;
  out.events = job.events->events();
  for (auto& e : job.log->entries())
    if (e.level >= log_level::info)
      out.lines.push_back(e.component + ": " + e.text);
  // What belongs to different threads is in no order.
  std::ranges::stable_sort(out.lines, {},
                           [](auto& line) { return line.substr(0, line.find(':')); });
  return out;
}

} // namespace

TEST_CASE("what is told of files, state and outputs that fail is the same on every runtime") {
  auto inline_engine = make_inline_engine();
  auto expected = run_failing_job(*inline_engine);
  CHECK(expected.metrics["batches_failed_total{}"] == 3);
  CHECK(expected.metrics["batches_completed_total{}"] == 4);
  auto all = joined(expected.lines);
  for (std::string part : {"'/in/unreadable' is left out", "a bad line", "a bad sum",
                           "error finding new "
                           "files",
                           "can be read again", "2 operations keep state"}) {
    CAPTURE(part);
    CHECK(all.find(part) != std::string::npos);
  }
  on_all_engines([&](engine& on) {
    auto found = run_failing_job(on);
    CHECK(shown(found.metrics) == shown(expected.metrics));
    CHECK(joined(found.events) == joined(expected.events));
    CHECK(joined(found.lines) == all);
  });
}

TEST_CASE("listeners, log and metrics are told the same, on every runtime") {
  auto inline_engine = make_inline_engine();
  auto expected = run_eventful_job(*inline_engine);
  CHECK(expected.metrics["receiver_restarts_total{0}"] == 2);
  CHECK(expected.metrics["records_received_total{0}"] == 3);
  CHECK(expected.metrics["batches_failed_total{}"] == 1);
  CHECK(expected.metrics.contains("block_store_bytes{} gauge"));
  CHECK(expected.events.size() >= 8);
  CHECK(expected.lines.size() >= 5);
  on_all_engines([&](engine& on) {
    auto found = run_eventful_job(on);
    CHECK(shown(found.metrics) == shown(expected.metrics));
    CHECK(joined(found.events) == joined(expected.events));
    CHECK(joined(found.lines) == joined(expected.lines));
  });
}
