// From where code of the user's may call back, and how it is called itself.
#include "runtime/event_log.hpp"
#include "runtime/files/file_job.hpp"
#include "runtime/receivers/receiver_job.hpp"

#include <algorithm>
#include <map>
#include <thread>

using namespace millrace;
using namespace millrace::test;

namespace {

/// Where a job calls code of the user's.
const std::vector<std::string> places{"streaming started",
                                      "receiver started",
                                      "batch submitted",
                                      "batch started",
                                      "output started",
                                      "output completed",
                                      "batch completed",
                                      "on_start",
                                      "input_stream",
                                      "map",
                                      "partition of none",
                                      "transform",
                                      "state without data",
                                      "output",
                                      "file reader",
                                      "open",
                                      "write",
                                      "close"};

/// A job that calls `at(place)` at each of them.
void call_from_everywhere(file_job& job, probe& p, const std::function<void(std::string)>& at) {
  auto& context = *job.context;
  job.events->at_event = [at](const std::string& e) {
    auto by_name = std::ranges::find_if(places, [&](auto& place) { return e.starts_with(place); });
    if (by_name != places.end())
      at(*by_name);
  };
  p.at_start = [at](receiver<int>& r) {
    at("on_start");
    r.store(1);
  };
  context.receiver_stream([&p] { return std::make_shared<probed_receiver>(p); })
      .name("numbers")
      .for_each_batch([at](const batch<int>&) { at("output"); });
  auto numbers = context.input_stream<int>([at](batch_time time) {
    at("input_stream");
    return std::optional{time.ms() > 1000 ? batch<int>{2} : batch<int>{1, 2}};
  });
  numbers
      .map([at](int x) {
        at("map");
        return std::pair{x, x};
      })
      .update_state_by_key<int>([at](std::vector<int> values, std::optional<int> sum) {
        if (values.empty())
          at("state without data");
        return std::optional{sum.value_or(0) + static_cast<int>(values.size())};
      })
      .for_each_partition([at](std::size_t, batch_time) { return at("open"), 0; },
                          [at](int, const auto&) { at("write"); }, [at](int) { at("close"); });
  numbers.filter([](int) { return false; })
      .repartition(1)
      .map_partitions([at](std::vector<int>& records) {
        at("partition of none");
        return records;
      })
      .transform([at](const batch<int>& records) {
        at("transform");
        return records;
      })
      .for_each_batch([](const batch<int>&) {});
  auto options = file_stream_options{};
  options.new_files_only = false;
  options.wait_until_stable = false;
  context
      .file_stream<int>(
          "in",
          [at](const std::string&, std::span<const unsigned char>) {
            at("file reader");
            return std::vector<int>{1};
          },
          options)
      .for_each_batch([](const batch<int>&) {});
}

} // namespace

TEST_CASE("a job may be stopped from wherever it calls code of the user's") {
  for (auto mode : {stop_mode::immediate, stop_mode::graceful})
    for (auto& from : places)
      on_all_engines([&](engine& on) {
        CAPTURE(from);
        file_job job{on};
        probe p;
        std::atomic<bool> returned = false;
        std::atomic<bool> called = false;
        job.put("in/file", "x");
        call_from_everywhere(job, p, [&](const std::string& place) {
          if (place != from || called.exchange(true))
            return;
          job.context->stop(mode);
          returned = true;
        });
        job.context->start();
        CHECK(on.advance_until(milliseconds(500), [&] { return job.ended(); }));
        CHECK(job.problem == "");
        CHECK(wait_until([&] { return returned.load(); }));
        CHECK(job.context->state() == context_state::stopped);
        CHECK(p.starts == p.stops);
        CHECK(job.events->events("streaming stopped").size() == 1);
      });
}

TEST_CASE("listeners and for_each_batch are called one call at a time, batches in order") {
  on_all_engines([](engine& on) {
    file_job job{on, test_configuration().set("stream.batches_in_flight", 3)};
    std::atomic<int> inside = 0;
    std::atomic<int> overlaps = 0;
    std::vector<std::int64_t> batches;
    job.events->at_event = [&](const std::string&) {
      overlaps += inside++ == 0 ? 0 : 1;
      std::this_thread::yield();
      --inside;
    };
    std::atomic<int> in_output = 0;
    auto numbers = test_input<int>(*job.context, {std::vector<int>{1, 2, 3}});
    for (int output = 0; output < 3; ++output)
      numbers.for_each_batch([&, output](const batch<int>&, batch_time time) {
        overlaps += in_output++ == 0 ? 0 : 1;
        std::this_thread::yield();
        batches.push_back(time.ms() / 1000 * 10 + output);
        --in_output;
      });
    job.context->start();
    job.run(seconds(30));
    job.context->stop();
    CHECK(overlaps == 0);
    std::vector<std::int64_t> expected;
    for (std::int64_t second = 1; second <= 30; ++second)
      for (std::int64_t output = 0; output < 3; ++output)
        expected.push_back(second * 10 + output);
    CHECK(batches == expected);
  });
}
