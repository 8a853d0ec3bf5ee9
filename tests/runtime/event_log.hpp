#pragma once

#include "millrace/engine/listener.hpp"

#include <algorithm>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace millrace::test {

/// A listener that writes events down as short lines, and may do something at each. Thread-safe.
class event_log final : public listener {
public:
  std::vector<std::string> events() const {
    std::lock_guard guard{mutex_};
    return events_;
  }

  /// Only those that begin with `prefix`.
  std::vector<std::string> events(const std::string& prefix) const {
    auto all = events();
    std::erase_if(all, [&](auto& e) { return !e.starts_with(prefix); });
    return all;
  }

  std::vector<batch_info> completed() const {
    std::lock_guard guard{mutex_};
    return completed_;
  }

  std::vector<output_info> outputs() const {
    std::lock_guard guard{mutex_};
    return outputs_;
  }

  /// Before the job starts: called, on the listener thread, with every event after it was written
  /// down.
  std::function<void(const std::string&)> at_event;

  void on_streaming_started(batch_time) override { note("streaming started"); }
  void on_streaming_stopped(batch_time) override { note("streaming stopped"); }
  void on_receiver_started(const receiver_info& r) override { note("receiver started " + r.name); }
  void on_receiver_error(const receiver_info& r) override {
    note("receiver error " + r.name + ": " + r.last_error);
  }
  void on_receiver_stopped(const receiver_info& r) override { note("receiver stopped " + r.name); }
  void on_batch_submitted(const batch_info& b) override {
    note("batch submitted " + std::to_string(b.time.ms()));
  }
  void on_batch_started(const batch_info& b) override {
    note("batch started " + std::to_string(b.time.ms()));
  }
  void on_batch_completed(const batch_info& b) override {
    {
      std::lock_guard guard{mutex_};
      completed_.push_back(b);
    }
    note("batch completed " + std::to_string(b.time.ms()));
  }
  void on_output_started(const output_info& o) override { note("output started " + show(o)); }
  void on_output_completed(const output_info& o) override {
    {
      std::lock_guard guard{mutex_};
      outputs_.push_back(o);
    }
    note("output completed " + show(o));
  }

private:
  static std::string show(const output_info& o) {
    return std::to_string(o.time.ms()) + " " + std::to_string(o.id.value()) + " " + o.name;
  }

  void note(std::string event) {
    {
      std::lock_guard guard{mutex_};
      events_.push_back(event);
    }
    if (at_event)
      at_event(event);
  }

  mutable std::mutex mutex_;
  std::vector<std::string> events_;
  std::vector<batch_info> completed_;
  std::vector<output_info> outputs_;
};

} // namespace millrace::test
