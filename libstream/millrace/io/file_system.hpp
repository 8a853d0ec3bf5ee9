#pragma once

#include "millrace/base/error.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// A file open for appending. One owner, one thread at a time. Closed when destroyed, which makes
/// nothing durable: only a `sync` that returned without error does. After a failed `sync` it is
/// unknown what is on disk, and the file must not be written again.
class append_file {
public:
  append_file() = default;
  append_file(const append_file&) = delete;
  append_file& operator=(const append_file&) = delete;
  virtual ~append_file() = default;

  /// Writes all of `data` at the end. After an error a part of it may have been written: `size`
  /// tells, `truncate` undoes.
  virtual result<void> append(std::span<const unsigned char> data) = 0;

  /// Returns when everything appended so far would survive a power cut.
  virtual result<void> sync() = 0;

  [[nodiscard]] virtual result<std::uint64_t> size() const = 0;

  /// Cuts the file down to its first `n` bytes; more than it has is invalid_argument.
  virtual result<void> truncate(std::uint64_t n) = 0;
};

/// A file open for reading from its beginning to its end. One owner, one thread at a time. Closed
/// when destroyed; goes on reading the same file when its name is given to another one.
class read_file_handle {
public:
  read_file_handle() = default;
  read_file_handle(const read_file_handle&) = delete;
  read_file_handle& operator=(const read_file_handle&) = delete;
  virtual ~read_file_handle() = default;

  /// The next bytes, as many as there are up to the size of `into`; 0 only at the end of the file
  /// as it is now (or when `into` is empty).
  virtual result<std::size_t> read(std::span<unsigned char> into) = 0;

  /// Of the whole file, now.
  [[nodiscard]] virtual result<std::uint64_t> size() const = 0;
};

/// The lock of a file, held until this is destroyed or the process ends, however it ends.
class file_lock {
public:
  file_lock() = default;
  file_lock(const file_lock&) = delete;
  file_lock& operator=(const file_lock&) = delete;
  virtual ~file_lock() = default;
};

/// What a path names; links are followed.
struct file_info {
  bool is_directory = false;
  /// 0 for a directory.
  std::uint64_t size = 0;
  /// Of the last change, in milliseconds since the Unix epoch.
  std::int64_t modified_ms = 0;
  /// False for what has no content of its own to read to the end: pipes, devices, directories.
  bool is_regular = true;
};

/// One name in a directory, without the directory.
struct directory_entry {
  std::string name;
  /// Also for a link to a directory.
  bool is_directory = false;
  bool is_link = false;

  friend bool operator==(const directory_entry&, const directory_entry&) = default;
};

/// The seam through which everything durable is read and written. Shared; every call may come from
/// any thread. Calls block and may take long, so they belong on threads of their own.
/// Paths use '/'. Every error names the path and what the operating system said: not_found when the
/// path or its directory is not there, already_exists, invalid_argument when a directory is given
/// for a file or the other way round, too_large, else io_error.
class file_system {
public:
  /// What `read_file` takes in unless told otherwise.
  static constexpr std::uint64_t default_max_read = std::uint64_t{1} << 30U;

  file_system() = default;
  file_system(const file_system&) = delete;
  file_system& operator=(const file_system&) = delete;
  virtual ~file_system() = default;

  /// The whole file; too_large when it holds more than `max_bytes`.
  [[nodiscard]] virtual result<std::vector<unsigned char>>
  read_file(const std::string& path, std::uint64_t max_bytes = default_max_read) const = 0;

  /// Replaces the file, or makes it. On return the new content is durable; on error, or after a
  /// crash, `path` is either the old file or the new one, never a part. A crash may leave a file
  /// behind whose name `is_temporary`.
  virtual result<void> write_file_atomic(const std::string& path,
                                         std::span<const unsigned char> data) = 0;

  /// Opens a file for reading; invalid_argument for what is not a regular file. Never waits for a
  /// writer.
  [[nodiscard]] virtual result<std::unique_ptr<read_file_handle>>
  open_read(const std::string& path) const = 0;

  /// Opens a file for appending, making it when it is not there. A made file's name is durable only
  /// after `sync_directory`.
  virtual result<std::unique_ptr<append_file>> open_append(const std::string& path) = 0;

  /// Locks a file, making it when it is not there, against all others who ask for its lock, in this
  /// process or another; `unavailable` when one of them holds it. Never waits. Keeps nobody from
  /// reading, changing or removing the file; a file that takes its name has a lock of its own.
  virtual result<std::unique_ptr<file_lock>> try_lock(const std::string& path) = 0;

  /// What the directory holds, sorted by name.
  [[nodiscard]] virtual result<std::vector<directory_entry>>
  list(const std::string& path) const = 0;

  [[nodiscard]] virtual result<file_info> stat(const std::string& path) const = 0;

  /// Renames a file or directory; a file replaces a file at `to`. Durable after `sync_directory`.
  virtual result<void> rename(const std::string& from, const std::string& to) = 0;

  /// Makes each of two files or directories take the name of the other, at once: nobody sees either
  /// name missing. Durable after `sync_directory`. `unsupported` where the disk cannot do that.
  virtual result<void> exchange(const std::string& a, const std::string& b) = 0;

  /// Removes a file, a link or an empty directory; not_found when it is not there, illegal_state
  /// when the directory still holds something.
  virtual result<void> remove(const std::string& path) = 0;

  /// Makes the directory and those above it, durably; no error when it is there already.
  virtual result<void> make_directories(const std::string& path) = 0;

  /// Makes what was created, renamed or removed in the directory durable.
  virtual result<void> sync_directory(const std::string& path) = 0;

  /// Whether a file of this name (without folders) is a leftover of `write_file_atomic`. Such names
  /// begin with a dot, so that a reader of a directory passes over them.
  [[nodiscard]] static bool is_temporary(std::string_view name) noexcept {
    return name.starts_with(".tmp-");
  }
};

} // namespace millrace
