#pragma once

#include "millrace/base/clock.hpp"
#include "millrace/files/object_file.hpp"
#include "millrace/io/memory_file_system.hpp"
#include "runtime/random/plain.hpp"
#include "support/faulty_file_system.hpp"

#include <atomic>
#include <stdexcept>
#include <string>

namespace millrace::test {

/// The disk of a random graph: in memory, its files dated as whoever puts them there says.
class graph_disk {
public:
  /// Makes the directories above the file too.
  void put(const std::string& path, std::string_view text, number modified_ms) {
    dates_->ms = modified_ms;
    must(memory_->make_directories(path.substr(0, path.rfind('/'))));
    must(memory_->write_file_atomic(path, std::vector<unsigned char>{text.begin(), text.end()}));
  }

  template <class T>
  void put_objects(const std::string& path, const std::vector<T>& records, number modified_ms) {
    put(path, "", modified_ms);
    auto file = object_file_writer<T>::create(*memory_, path);
    must(file.and_then([&](auto& to) { return to.add(records); }));
    must(file->finish());
  }

  /// Names in a directory, sorted; hidden ones are left out.
  [[nodiscard]] texts names(const std::string& directory) const {
    texts out;
    if (auto found = memory_->list(directory))
      for (auto& entry : *found)
        if (!entry.name.starts_with('.'))
          out.push_back(entry.name);
    std::ranges::sort(out);
    return out;
  }

  [[nodiscard]] std::string text(const std::string& path) const {
    auto bytes = memory_->read_file(path);
    return bytes ? std::string{bytes->begin(), bytes->end()} : bytes.error().message;
  }

  /// What jobs see.
  [[nodiscard]] const std::shared_ptr<faulty_file_system>& files() const { return faulty_; }

private:
  struct dates final : clock {
    [[nodiscard]] batch_time wall_now() const override { return batch_time{ms}; }
    [[nodiscard]] std::chrono::steady_clock::time_point steady_now() const override { return {}; }
    std::atomic<number> ms = 0;
  };

  template <class Result>
  static void must(const Result& done) {
    if (!done)
      throw std::runtime_error{done.error().message};
  }

  std::shared_ptr<dates> dates_ = std::make_shared<dates>();
  std::shared_ptr<memory_file_system> memory_ = std::make_shared<memory_file_system>(dates_);
  std::shared_ptr<faulty_file_system> faulty_ = std::make_shared<faulty_file_system>(memory_);
};

} // namespace millrace::test
