#pragma once

#include "millrace/actors/system/actor_runtime.hpp"
#include "millrace/base/log.hpp"
#include "millrace/base/metrics.hpp"
#include "millrace/flow/stream_context.hpp"
#include "runtime/event_log.hpp"
#include "support/engine.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace millrace::test {

/// `local[2]`, short intervals and delays, so that a test needs no patience.
inline configuration quick_configuration() {
  return test_configuration()
      .set("stop.handle_signals", false)
      .set("stream.block_interval", "5ms")
      .set("receiver.restart_delay", "5ms")
      .set("receiver.restart_delay_max", "20ms");
}

/// A context on actors with everything it says kept in memory. Real time unless `time` is given.
struct actor_job {
  explicit actor_job(configuration conf = quick_configuration(), duration batch = milliseconds(20),
                     actors::actor_runtime_options seams = {}) {
    auto made = std::make_unique<actors::actor_runtime>(std::move(seams));
    runtime = made.get();
    context = std::make_unique<basic_stream_context>(std::move(conf), batch, std::move(made));
    context->set_log(log);
    context->set_metrics(metrics);
    context->add_listener(events);
  }

  std::shared_ptr<memory_log> log = std::make_shared<memory_log>();
  std::shared_ptr<memory_metrics> metrics = std::make_shared<memory_metrics>();
  std::shared_ptr<event_log> events = std::make_shared<event_log>();
  actors::actor_runtime* runtime = nullptr;
  std::unique_ptr<basic_stream_context> context;

  /// Waits for the end of the job; the error that it reported, or nothing. Fails the test when the
  /// job goes on.
  std::optional<std::string> wait_for_end() {
    bool ended = false;
    try {
      ended = context->await_termination_for(patience);
    } catch (const stream_error& e) {
      context->stop();
      return e.what();
    }
    REQUIRE(ended);
    return std::nullopt;
  }

  void stop_gracefully() {
    context->stop(stop_mode::graceful);
    CHECK_FALSE(wait_for_end());
  }
};

/// The records of all batches, in order.
template <class T>
std::vector<T> records_of(const collector<T>& from) {
  std::vector<T> all;
  for (auto& b : from.batches())
    all.insert(all.end(), b.begin(), b.end());
  return all;
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

inline std::size_t entries_in(const char* folder) {
  std::size_t n = 0;
  for ([[maybe_unused]] auto& entry : std::filesystem::directory_iterator{folder})
    ++n;
  return n;
}

/// Threads that still run code. One that has been joined may be listed for some time yet (the
/// kernel wakes the joiner before it takes the entry away), but it is marked as exiting by then
/// (PF_EXITING, the ninth field of proc(5)'s stat).
inline std::size_t thread_count() {
  constexpr unsigned long exiting = 0x4;
  std::size_t n = 0;
  std::error_code gone;
  for (auto& entry : std::filesystem::directory_iterator{"/proc/self/task", gone}) {
    std::ifstream file{entry.path() / "stat"};
    std::string line;
    if (!std::getline(file, line))
      continue;
    std::istringstream fields{line.substr(line.rfind(')') + 1)};
    std::string skipped;
    for (int field = 3; field < 9; ++field)
      fields >> skipped;
    unsigned long flags = 0;
    fields >> flags;
    if ((flags & exiting) == 0)
      ++n;
  }
  return n;
}

/// What is to be there again after a test. Threads of what ran before may still be about to end:
/// the library lets its own go before they have.
inline std::size_t settled_thread_count() {
  for (std::size_t count = thread_count();;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    if (std::size_t again = thread_count(); again == std::exchange(count, again))
      return count;
  }
}

/// One that ended after all since `settled_thread_count` was asked is no fault.
inline bool back_to_threads(std::size_t before) {
  return wait_until([&] { return thread_count() <= before; });
}
inline std::size_t descriptor_count() { return entries_in("/proc/self/fd"); }

} // namespace millrace::test
