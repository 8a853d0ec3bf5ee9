#pragma once

#include "millrace/io/file_system.hpp"

namespace millrace {

/// The machine's own file system. Has no state: any number may exist, all calls from any thread.
/// Guarantees and errors are those of `file_system`; partial writes are completed and interrupted
/// calls repeated.
class posix_file_system final : public file_system {
public:
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
};

} // namespace millrace
