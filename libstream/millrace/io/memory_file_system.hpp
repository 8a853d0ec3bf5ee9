#pragma once

#include "millrace/base/clock.hpp"
#include "millrace/io/file_system.hpp"

#include <memory>

namespace millrace {

/// A file system in this process's memory, for tests and the inline runtime. Shared; all calls from
/// any thread, one at a time behind one lock. Everything is durable at once, as long as the object
/// lives; locks are of this object. Relative and absolute paths are the same: both start at the
/// root, which is always there. Holds what it is given, so it is bounded by the memory of the
/// process.
class memory_file_system final : public file_system {
public:
  /// `time` dates the files; without one they are dated 0.
  explicit memory_file_system(std::shared_ptr<const clock> time = nullptr);
  ~memory_file_system() override;

  [[nodiscard]] result<std::vector<unsigned char>>
  read_file(const std::string& path, std::uint64_t max_bytes = default_max_read) const override;
  result<void> write_file_atomic(const std::string& path,
                                 std::span<const unsigned char> data) override;
  [[nodiscard]] result<std::unique_ptr<read_file_handle>>
  open_read(const std::string& path) const override;
  result<std::unique_ptr<append_file>> open_append(const std::string& path) override;
  result<std::unique_ptr<file_lock>> try_lock(const std::string& path) override;
  [[nodiscard]] result<std::vector<directory_entry>> list(const std::string& path) const override;
  [[nodiscard]] result<file_info> stat(const std::string& path) const override;
  result<void> rename(const std::string& from, const std::string& to) override;
  result<void> exchange(const std::string& a, const std::string& b) override;
  result<void> remove(const std::string& path) override;
  result<void> make_directories(const std::string& path) override;
  result<void> sync_directory(const std::string& path) override;

private:
  struct store;

  /// Shared with the open files, which may outlive this object.
  std::shared_ptr<store> store_;
};

} // namespace millrace
