#pragma once

#include "millrace/io/file_system.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace millrace::test {

/// A file system that fails when it is told to, in front of another one: the n-th change (or read)
/// fails, or all of those that a test picks by name. A write that fails has written half of its
/// data, as on a disk that fills up. Shared by threads as the other one is, but set the faults
/// while nobody uses it. Must outlive the files that it opened.
class faulty_file_system final : public file_system {
public:
  /// Decides whether an operation on a path fails; "write", "sync", "truncate", "open", "lock",
  /// "list", "stat", "read", "rename", "exchange", "remove", "make directory", "sync directory".
  using fault = std::function<bool(std::string_view operation, const std::string& path)>;

  explicit faulty_file_system(std::shared_ptr<file_system> files) : files_{std::move(files)} {}

  /// Every operation for which `f` says so fails from now on; an empty one: none.
  void fail_when(fault f) { fault_ = std::move(f); }

  /// The n-th change from now, counted from 1, and all after it fail: a disk that is full.
  void fail_changes_from(std::uint64_t n) {
    auto left = std::make_shared<std::atomic<std::uint64_t>>(n);
    fail_when([left](std::string_view operation, const std::string&) {
      if (!changes(operation) || operation == "remove" || operation == "truncate")
        return false;
      if (left->load() > 1) {
        left->fetch_sub(1);
        return false;
      }
      return true;
    });
  }

  /// Only the n-th change from now, counted from 1, fails. Every kind of change counts.
  void fail_change(std::uint64_t n) {
    auto left = std::make_shared<std::atomic<std::uint64_t>>(n);
    fail_when([left](std::string_view operation, const std::string&) {
      return changes(operation) && left->fetch_sub(1) == 1;
    });
  }

  void heal() { fail_when({}); }

  /// Operations failed so far.
  [[nodiscard]] std::uint64_t failures() const { return failures_; }

  [[nodiscard]] result<std::vector<unsigned char>>
  read_file(const std::string& path, std::uint64_t max_bytes) const override {
    if (auto e = check("read", path); !e)
      return tl::make_unexpected(e.error());
    return files_->read_file(path, max_bytes);
  }

  result<void> write_file_atomic(const std::string& path,
                                 std::span<const unsigned char> data) override {
    if (auto e = check("write", path); !e)
      return e;
    return files_->write_file_atomic(path, data);
  }

  [[nodiscard]] result<std::unique_ptr<read_file_handle>>
  open_read(const std::string& path) const override {
    if (auto e = check("read", path); !e)
      return tl::make_unexpected(e.error());
    auto file = files_->open_read(path);
    if (!file)
      return file;
    return std::make_unique<faulty_read>(*this, std::move(*file), path);
  }

  result<std::unique_ptr<append_file>> open_append(const std::string& path) override {
    if (auto e = check("open", path); !e)
      return tl::make_unexpected(e.error());
    auto file = files_->open_append(path);
    if (!file)
      return file;
    return std::make_unique<faulty_append>(*this, std::move(*file), path);
  }

  result<std::unique_ptr<file_lock>> try_lock(const std::string& path) override {
    if (auto e = check("lock", path); !e)
      return tl::make_unexpected(e.error());
    return files_->try_lock(path);
  }

  [[nodiscard]] result<std::vector<directory_entry>> list(const std::string& path) const override {
    if (auto e = check("list", path); !e)
      return tl::make_unexpected(e.error());
    return files_->list(path);
  }

  [[nodiscard]] result<file_info> stat(const std::string& path) const override {
    if (auto e = check("stat", path); !e)
      return tl::make_unexpected(e.error());
    return files_->stat(path);
  }

  result<void> rename(const std::string& from, const std::string& to) override {
    auto e = check("rename", from);
    return e ? files_->rename(from, to) : e;
  }

  result<void> exchange(const std::string& a, const std::string& b) override {
    auto e = check("exchange", a);
    return e ? files_->exchange(a, b) : e;
  }

  result<void> remove(const std::string& path) override {
    auto e = check("remove", path);
    return e ? files_->remove(path) : e;
  }

  result<void> make_directories(const std::string& path) override {
    auto e = check("make directory", path);
    return e ? files_->make_directories(path) : e;
  }

  result<void> sync_directory(const std::string& path) override {
    auto e = check("sync directory", path);
    return e ? files_->sync_directory(path) : e;
  }

private:
  class faulty_append final : public append_file {
  public:
    faulty_append(const faulty_file_system& owner, std::unique_ptr<append_file> file,
                  std::string path)
        : owner_{owner}, file_{std::move(file)}, path_{std::move(path)} {}

    result<void> append(std::span<const unsigned char> data) override {
      auto e = owner_.check("write", path_);
      if (e)
        return file_->append(data);
      if (auto half = file_->append(data.first(data.size() / 2)); !half)
        return half;
      return e;
    }

    result<void> sync() override {
      auto e = owner_.check("sync", path_);
      return e ? file_->sync() : e;
    }

    [[nodiscard]] result<std::uint64_t> size() const override { return file_->size(); }

    result<void> truncate(std::uint64_t n) override {
      auto e = owner_.check("truncate", path_);
      return e ? file_->truncate(n) : e;
    }

  private:
    const faulty_file_system& owner_;
    std::unique_ptr<append_file> file_;
    std::string path_;
  };

  class faulty_read final : public read_file_handle {
  public:
    faulty_read(const faulty_file_system& owner, std::unique_ptr<read_file_handle> file,
                std::string path)
        : owner_{owner}, file_{std::move(file)}, path_{std::move(path)} {}

    result<std::size_t> read(std::span<unsigned char> into) override {
      if (auto e = owner_.check("read", path_); !e)
        return tl::make_unexpected(e.error());
      return file_->read(into);
    }

    [[nodiscard]] result<std::uint64_t> size() const override { return file_->size(); }

  private:
    const faulty_file_system& owner_;
    std::unique_ptr<read_file_handle> file_;
    std::string path_;
  };

  static bool changes(std::string_view operation) {
    return operation != "read" && operation != "list" && operation != "stat";
  }

  [[nodiscard]] result<void> check(std::string_view operation, const std::string& path) const {
    if (!fault_ || !fault_(operation, path))
      return {};
    failures_.fetch_add(1);
    return fail(errc::io_error,
                "cannot " + std::string{operation} + " '" + path + "': No space left on device");
  }

  std::shared_ptr<file_system> files_;
  fault fault_;
  mutable std::atomic<std::uint64_t> failures_{0};
};

} // namespace millrace::test
