#pragma once

#include "millrace/base/clock.hpp"
#include "millrace/base/log.hpp"
#include "millrace/io/memory_file_system.hpp"
#include "runtime/engines.hpp"
#include "runtime/event_log.hpp"
#include "support/faulty_file_system.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::test {

/// A job with batches of one second on a disk in memory that can fail, whose files are dated with
/// the job's hand-moved clock.
struct file_job {
  explicit file_job(engine& engine_, configuration conf = test_configuration())
      : on{engine_}, context{on.make_context(std::move(conf), seconds(1))} {
    context->set_file_system(disk);
    context->add_listener(events);
    context->set_log(log);
  }

  /// Makes the directories above the file too. `rename`d into place, so dated now.
  void put(const std::string& path, std::string_view text) const {
    put(path, std::vector<unsigned char>{text.begin(), text.end()});
  }
  void put(const std::string& path, const std::vector<unsigned char>& bytes) const {
    REQUIRE(memory->make_directories(path.substr(0, path.rfind('/'))));
    REQUIRE(memory->write_file_atomic(path, bytes));
  }

  /// Moves the clock and waits until the batches that fell due are complete, or the job has ended.
  void run(duration by = seconds(1)) {
    now->advance(by);
    on.advance(by);
    auto due = static_cast<std::size_t>(now->wall_now().ms() / 1000);
    CHECK(wait_until([&] { return events->completed().size() >= due || ended(); }));
  }

  /// The error that the job reported ends it.
  bool ended() {
    try {
      return context->await_termination_for(duration{0});
    } catch (const stream_error& e) {
      problem = e.what();
      return true;
    }
  }

  /// The same, for an error that has been heard of from a listener: the job learns it on a thread
  /// of its own.
  bool ends() {
    return wait_until([&] { return ended(); });
  }

  /// How many records of the first input each batch so far has told of.
  std::vector<std::uint64_t> counts() const {
    std::vector<std::uint64_t> out;
    for (auto& b : events->completed())
      out.push_back(b.inputs.at(0).records);
    return out;
  }

  /// All names in a directory of the disk, hidden ones too; none if there is no such directory.
  std::vector<std::string> names(const std::string& directory) const {
    std::vector<std::string> out;
    if (auto found = memory->list(directory))
      for (auto& entry : *found)
        out.push_back(entry.name);
    return out;
  }

  std::string text(const std::string& path) const {
    auto bytes = memory->read_file(path);
    return bytes ? std::string{bytes->begin(), bytes->end()} : bytes.error().message;
  }

  engine& on;
  std::shared_ptr<manual_clock> now = std::make_shared<manual_clock>();
  std::shared_ptr<memory_file_system> memory = std::make_shared<memory_file_system>(now);
  std::shared_ptr<faulty_file_system> disk = std::make_shared<faulty_file_system>(memory);
  std::shared_ptr<event_log> events = std::make_shared<event_log>();
  std::shared_ptr<memory_log> log = std::make_shared<memory_log>();
  std::string problem;
  std::unique_ptr<basic_stream_context> context;
};

/// The job skips batches that fail.
inline configuration skipping() {
  return test_configuration().set("stream.on_batch_failure", "skip");
}

inline bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

} // namespace millrace::test
