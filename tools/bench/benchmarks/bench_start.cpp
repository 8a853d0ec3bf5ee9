#include "millrace/millrace.hpp"
#include "suite/bench_job.hpp"
#include "suite/registry.hpp"
#include "yardstick/timer_loops.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>

namespace millrace::bench {

namespace {

constexpr std::int64_t interval_ms = 10;

struct start_times {
  double since_main_ms = 0;
  double since_due_ms = 0;
};

double ms_since(std::int64_t began_ns) {
  return std::chrono::duration<double, std::milli>(steady::now().time_since_epoch() -
                                                   std::chrono::nanoseconds{began_ns})
      .count();
}

void print(const start_times& t) {
  std::cout << t.since_main_ms << ' ' << t.since_due_ms << std::endl;
}

/// Runs this program afresh with `flag` and reads what it prints.
start_times run_child(const char* flag) {
  const auto program = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string command = "exec '" + program + "' " + flag;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe{::popen(command.c_str(), "r"),
                                                             ::pclose};
  start_times out;
  if (!pipe || std::fscanf(pipe.get(), "%lf %lf", &out.since_main_ms, &out.since_due_ms) != 2)
    throw wrong_answer{"start: '" + command + "' gave no times"};
  return out;
}

} // namespace

void first_batch(std::int64_t main_began_ns) {
  stream_context ssc{bench_configuration(2), milliseconds(interval_ms)};
  auto feed = std::make_shared<batch_feed<std::string_view>>();
  feed->push(batch<std::string_view>{"to be or not to be"});
  progress_counter done;
  start_times times;
  ssc.queue_stream<std::string_view>(feed)
      .flat_map(split(' '))
      .map([](std::string_view word) {
        return std::pair{word, std::int64_t{1}};
      })
      .reduce_by_key(std::plus{})
      .for_each_batch(
          [&](const batch<std::pair<std::string, std::int64_t>>& counts, batch_time time) {
            if (counts.size() != 4)
              return;
            times.since_main_ms = ms_since(main_began_ns);
            times.since_due_ms = static_cast<double>(wall_ns() - time.ms() * 1'000'000) * 1e-6;
            done.add();
          });
  ssc.start();
  if (!done.wait_for(1, std::chrono::seconds{20}))
    throw wrong_answer{"start: no first batch"};
  print(times);
  ssc.stop();
}

void first_tick(std::int64_t main_began_ns) {
  const auto interval = std::chrono::nanoseconds{std::chrono::milliseconds{interval_ms}};
  const auto wait = interval - std::chrono::nanoseconds{wall_ns()} % interval;
  const auto done =
      run_timer_worker(std::chrono::duration_cast<std::chrono::microseconds>(wait), 1);
  print({ms_since(main_began_ns), done.start_us.at(0) * 1e-3});
}

void bench_start(report& to, const run_options& options) {
  std::vector<double> ours, ours_due, bare, bare_due;
  for (int r = 0; r < options.choose(15, 2); ++r) {
    const auto a = run_child("--first-batch"), b = run_child("--first-tick");
    ours.push_back(a.since_main_ms);
    ours_due.push_back(a.since_due_ms);
    bare.push_back(b.since_main_ms);
    bare_due.push_back(b.since_due_ms);
  }
  to.add("start/from-main", percentile(ours, 0.5), percentile(bare, 0.5), "ms");
  to.add("start/from-main/worst", percentile(ours, 1), percentile(bare, 1), "ms");
  to.add("start/from-due", percentile(ours_due, 0.5), percentile(bare_due, 0.5), "ms");
}

} // namespace millrace::bench
