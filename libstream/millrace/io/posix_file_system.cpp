#include "millrace/io/posix_file_system.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace millrace {

namespace {

errc classify(int code) noexcept {
  switch (code) {
  case ENOENT:
    return errc::not_found;
  case EEXIST:
    return errc::already_exists;
  case ENOTEMPTY:
    return errc::illegal_state;
  case EISDIR:
  case ENOTDIR:
  case EINVAL:
  case ENAMETOOLONG:
    return errc::invalid_argument;
  default:
    return errc::io_error;
  }
}

tl::unexpected<error> failed(const char* action, const std::string& path, int code) {
  return fail(classify(code), fmt::format("cannot {} '{}': {}", action, path,
                                          std::generic_category().message(code)));
}

/// Repeats a system call for as long as a signal interrupts it.
template <class Call>
auto uninterrupted(Call call) {
  auto answer = call();
  while (answer == -1 && errno == EINTR)
    answer = call();
  return answer;
}

/// Owns an open file; -1 for none.
class descriptor {
public:
  descriptor(const std::string& path, int flags)
      : fd_{uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0666); })} {}

  descriptor(descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}

  descriptor& operator=(descriptor&&) = delete;

  // Linux closes the file even when the call is interrupted: repeating it could close another one.
  ~descriptor() {
    if (fd_ != -1)
      ::close(fd_);
  }

  [[nodiscard]] int get() const noexcept { return fd_; }

  explicit operator bool() const noexcept { return fd_ != -1; }

private:
  int fd_;
};

/// 0, or the errno of the write that failed.
int write_all(int fd, std::span<const unsigned char> data) {
  while (!data.empty()) {
    const auto step = std::min<std::size_t>(data.size(), SSIZE_MAX);
    const auto written = uninterrupted([&] { return ::write(fd, data.data(), step); });
    if (written < 0)
      return errno;
    if (written == 0)
      return EIO;
    data = data.subspan(static_cast<std::size_t>(written));
  }
  return 0;
}

int sync_data(int fd) {
  return uninterrupted([&] { return ::fdatasync(fd); }) == 0 ? 0 : errno;
}

std::string parent_of(std::string path) {
  while (path.size() > 1 && path.ends_with('/'))
    path.pop_back();
  const auto slash = path.rfind('/');
  if (slash == std::string::npos)
    return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// A name that no other thread or living process uses; a dead process may have left it behind.
std::string temporary_in(const std::string& directory) {
  static std::atomic<std::uint64_t> counter{0};
  return fmt::format("{}/.tmp-{}-{}", directory, ::getpid(), counter.fetch_add(1));
}

class posix_read_file final : public read_file_handle {
public:
  posix_read_file(descriptor file, std::string path)
      : file_{std::move(file)}, path_{std::move(path)} {}

  result<std::size_t> read(std::span<unsigned char> into) override {
    const auto step = std::min<std::size_t>(into.size(), SSIZE_MAX);
    const auto got = uninterrupted([&] { return ::read(file_.get(), into.data(), step); });
    if (got < 0)
      return failed("read", path_, errno);
    return static_cast<std::size_t>(got);
  }

  [[nodiscard]] result<std::uint64_t> size() const override {
    struct stat status {};
    if (::fstat(file_.get(), &status) != 0)
      return failed("look at", path_, errno);
    return static_cast<std::uint64_t>(status.st_size);
  }

private:
  descriptor file_;
  std::string path_;
};

class posix_append_file final : public append_file {
public:
  posix_append_file(descriptor file, std::string path)
      : file_{std::move(file)}, path_{std::move(path)} {}

  result<void> append(std::span<const unsigned char> data) override {
    if (const int code = write_all(file_.get(), data); code != 0)
      return failed("write", path_, code);
    return {};
  }

  result<void> sync() override {
    if (const int code = sync_data(file_.get()); code != 0)
      return failed("sync", path_, code);
    return {};
  }

  [[nodiscard]] result<std::uint64_t> size() const override {
    struct stat status {};
    if (::fstat(file_.get(), &status) != 0)
      return failed("look at", path_, errno);
    return static_cast<std::uint64_t>(status.st_size);
  }

  result<void> truncate(std::uint64_t n) override {
    const auto now = size();
    if (!now)
      return tl::make_unexpected(now.error());
    if (n > *now)
      return fail(errc::invalid_argument,
                  fmt::format("cannot truncate '{}' to {} bytes: it has {}", path_, n, *now));
    if (uninterrupted([&] { return ::ftruncate(file_.get(), static_cast<off_t>(n)); }) != 0)
      return failed("truncate", path_, errno);
    return {};
  }

private:
  descriptor file_;
  std::string path_;
};

} // namespace

result<std::vector<unsigned char>> posix_file_system::read_file(const std::string& path,
                                                                std::uint64_t max_bytes) const {
  constexpr std::size_t step = 65'536;
  const descriptor file{path, O_RDONLY};
  if (!file)
    return failed("read", path, errno);
  std::vector<unsigned char> content;
  for (;;) {
    const auto had = content.size();
    content.resize(had + std::max(step, had / 2));
    const auto got = uninterrupted(
        [&] { return ::read(file.get(), content.data() + had, content.size() - had); });
    if (got < 0)
      return failed("read", path, errno);
    content.resize(had + static_cast<std::size_t>(got));
    if (content.size() > max_bytes)
      return fail(errc::too_large,
                  fmt::format("cannot read '{}': it holds more than {} bytes", path, max_bytes));
    if (got == 0)
      return content;
  }
}

result<void> posix_file_system::write_file_atomic(const std::string& path,
                                                  std::span<const unsigned char> data) {
  const auto directory = parent_of(path);
  const auto write_temporary = [&](const std::string& temporary, int flags) {
    const descriptor file{temporary, flags};
    if (!file)
      return errno;
    if (const int code = write_all(file.get(), data); code != 0)
      return code;
    return sync_data(file.get());
  };
  // O_EXCL refuses a leftover of a dead process with our number; the next name will do.
  auto temporary = temporary_in(directory);
  int code = write_temporary(temporary, O_WRONLY | O_CREAT | O_EXCL);
  for (int attempt = 0; code == EEXIST && attempt < 1'000; ++attempt) {
    temporary = temporary_in(directory);
    code = write_temporary(temporary, O_WRONLY | O_CREAT | O_EXCL);
  }
  if (code == 0 && ::rename(temporary.c_str(), path.c_str()) != 0)
    code = errno;
  if (code != 0) {
    if (code != EEXIST)
      ::unlink(temporary.c_str());
    return failed("write", path, code);
  }
  return sync_directory(directory);
}

result<std::unique_ptr<read_file_handle>>
posix_file_system::open_read(const std::string& path) const {
  // Without O_NONBLOCK opening a pipe would wait for its writer; it changes nothing for files.
  descriptor file{path, O_RDONLY | O_NONBLOCK};
  if (!file)
    return failed("read", path, errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0)
    return failed("read", path, errno);
  if (S_ISDIR(status.st_mode))
    return failed("read", path, EISDIR);
  if (!S_ISREG(status.st_mode))
    return fail(errc::invalid_argument, fmt::format("cannot read '{}': Not a regular file", path));
  return std::make_unique<posix_read_file>(std::move(file), path);
}

result<std::unique_ptr<append_file>> posix_file_system::open_append(const std::string& path) {
  descriptor file{path, O_WRONLY | O_APPEND | O_CREAT};
  if (!file)
    return failed("open", path, errno);
  return std::make_unique<posix_append_file>(std::move(file), path);
}

result<std::unique_ptr<file_lock>> posix_file_system::try_lock(const std::string& path) {
  class posix_lock final : public file_lock {
  public:
    explicit posix_lock(descriptor file) : file_{std::move(file)} {}

  private:
    descriptor file_;
  };

  for (;;) {
    descriptor file{path, O_RDWR | O_CREAT};
    if (!file)
      return failed("lock", path, errno);
    if (uninterrupted([&] { return ::flock(file.get(), LOCK_EX | LOCK_NB); }) != 0)
      return errno == EWOULDBLOCK
                 ? fail(errc::unavailable,
                        fmt::format("cannot lock '{}': another holds its lock", path))
                 : failed("lock", path, errno);
    // Whoever held the lock a moment ago may have removed the file that is open here.
    struct stat opened {};
    struct stat named {};
    if (::fstat(file.get(), &opened) != 0)
      return failed("lock", path, errno);
    if (::stat(path.c_str(), &named) == 0 && named.st_ino == opened.st_ino &&
        named.st_dev == opened.st_dev)
      return std::make_unique<posix_lock>(std::move(file));
  }
}

result<std::vector<directory_entry>> posix_file_system::list(const std::string& path) const {
  std::error_code code;
  std::vector<directory_entry> entries;
  std::filesystem::directory_iterator at{path, code};
  while (!code && at != std::filesystem::directory_iterator{}) {
    // An entry removed meanwhile is listed as a file; whoever opens it is told that it is gone.
    std::error_code gone;
    entries.push_back(
        {at->path().filename().string(), at->is_directory(gone), at->is_symlink(gone)});
    at.increment(code);
  }
  if (code)
    return failed("list", path, code.value());
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return entries;
}

result<file_info> posix_file_system::stat(const std::string& path) const {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    return failed("look at", path, errno);
  const bool is_directory = S_ISDIR(status.st_mode);
  return file_info{is_directory, is_directory ? 0 : static_cast<std::uint64_t>(status.st_size),
                   status.st_mtim.tv_sec * std::int64_t{1'000} + status.st_mtim.tv_nsec / 1'000'000,
                   S_ISREG(status.st_mode)};
}

result<void> posix_file_system::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    const int code = errno;
    return failed("rename", fmt::format("{}' to '{}", from, to), code);
  }
  return {};
}

result<void> posix_file_system::exchange(const std::string& a, const std::string& b) {
  if (::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0)
    return {};
  const int code = errno;
  const auto shown = fmt::format("{}' and '{}", a, b);
  // EINVAL is how disks that cannot exchange refuse; between a directory and what is in it, too.
  if (code == EINVAL || code == ENOSYS)
    return fail(errc::unsupported, fmt::format("cannot exchange '{}': {}", shown,
                                               std::generic_category().message(code)));
  return failed("exchange", shown, code);
}

result<void> posix_file_system::remove(const std::string& path) {
  if (std::remove(path.c_str()) != 0)
    return failed("remove", path, errno);
  return {};
}

result<void> posix_file_system::make_directories(const std::string& path) {
  if (::mkdir(path.c_str(), 0777) == 0)
    return sync_directory(parent_of(path));
  int code = errno;
  if (code == ENOENT && !path.empty() && parent_of(path) != path) {
    if (auto above = make_directories(parent_of(path)); !above)
      return above;
    if (::mkdir(path.c_str(), 0777) == 0)
      return sync_directory(parent_of(path));
    code = errno;
  }
  if (code == EEXIST) {
    const auto there = stat(path);
    if (there && there->is_directory)
      return {};
    code = ENOTDIR;
  }
  return failed("make directory", path, code);
}

result<void> posix_file_system::sync_directory(const std::string& path) {
  const descriptor directory{path, O_RDONLY | O_DIRECTORY};
  if (!directory)
    return failed("sync directory", path, errno);
  if (uninterrupted([&] { return ::fsync(directory.get()); }) != 0)
    return failed("sync directory", path, errno);
  return {};
}

} // namespace millrace
