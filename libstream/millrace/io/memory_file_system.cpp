#include "millrace/io/memory_file_system.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include <fmt/format.h>

namespace millrace {

namespace {

/// What a name leads to. An open file keeps its content when the name goes, as on a real disk.
struct content {
  std::vector<unsigned char> bytes;
  std::int64_t modified_ms = 0;
  bool is_locked = false;
};

using content_ptr = std::shared_ptr<content>;

tl::unexpected<error> failed(errc code, const char* action, const std::string& path,
                             const char* why) {
  return fail(code, fmt::format("cannot {} '{}': {}", action, path, why));
}

/// "a/b" for "/a//./b/": no empty parts, the root is "".
std::string normalise(const std::string& path) {
  std::string normal;
  for (std::size_t at = 0; at < path.size();) {
    const auto end = std::min(path.find('/', at), path.size());
    const auto part = path.substr(at, end - at);
    at = end + 1;
    if (part == "..") {
      const auto slash = normal.rfind('/');
      normal.resize(slash == std::string::npos ? 0 : slash);
    } else if (!part.empty() && part != ".") {
      normal += (normal.empty() ? "" : "/") + part;
    }
  }
  return normal;
}

std::string parent_of(const std::string& normal) {
  const auto slash = normal.rfind('/');
  return slash == std::string::npos ? std::string{} : normal.substr(0, slash);
}

} // namespace

/// All names and contents. Every member function needs `mutex` held.
struct memory_file_system::store {
  explicit store(std::shared_ptr<const clock> c) : time{std::move(c)} { names[""] = nullptr; }

  [[nodiscard]] std::int64_t now_ms() const { return time ? time->wall_now().ms() : 0; }

  [[nodiscard]] bool is_directory(const std::string& name) const {
    const auto it = names.find(name);
    return it != names.end() && !it->second;
  }

  /// Whether `name` may be used: its parents are directories.
  [[nodiscard]] result<void> check_parents(const char* action, const std::string& path,
                                           const std::string& name) const {
    for (auto above = parent_of(name); !above.empty(); above = parent_of(above)) {
      const auto it = names.find(above);
      if (it != names.end() && it->second)
        return failed(errc::invalid_argument, action, path, "Not a directory");
    }
    if (!is_directory(parent_of(name)))
      return failed(errc::not_found, action, path, "No such file or directory");
    return {};
  }

  /// The content of an existing file.
  [[nodiscard]] result<content_ptr> find_file(const char* action, const std::string& path) const {
    const auto name = normalise(path);
    const auto it = names.find(name);
    if (it == names.end()) {
      if (auto parents = check_parents(action, path, name); !parents)
        return tl::make_unexpected(std::move(parents).error());
      return failed(errc::not_found, action, path, "No such file or directory");
    }
    if (!it->second)
      return failed(errc::invalid_argument, action, path, "Is a directory");
    return it->second;
  }

  /// The content of a file, which is made when it is not there.
  [[nodiscard]] result<content_ptr> find_or_make(const char* action, const std::string& path) {
    const auto name = normalise(path);
    if (auto parents = check_parents(action, path, name); !parents)
      return tl::make_unexpected(std::move(parents).error());
    if (is_directory(name))
      return failed(errc::invalid_argument, action, path, "Is a directory");
    auto& file = names[name];
    if (!file)
      file = std::make_shared<content>(content{{}, now_ms()});
    return file;
  }

  [[nodiscard]] bool has_children(const std::string& name) const {
    const auto it = names.upper_bound(name + "/");
    return it != names.end() && it->first.starts_with(name + "/");
  }

  /// Whether the file or directory may take the name `to`.
  [[nodiscard]] result<void> check_target(const std::string& shown, bool moves_directory,
                                          const std::string& to) const {
    const auto target = names.find(to);
    if (target == names.end())
      return {};
    if (!target->second && !moves_directory)
      return failed(errc::invalid_argument, "rename", shown, "Is a directory");
    if (target->second && moves_directory)
      return failed(errc::invalid_argument, "rename", shown, "Not a directory");
    if (moves_directory && has_children(to))
      return failed(errc::illegal_state, "rename", shown, "Directory not empty");
    return {};
  }

  /// What is at `name` and below it, by the rest of the path: "" for itself, else "/...".
  using tree = std::map<std::string, content_ptr>;

  [[nodiscard]] tree take_tree(const std::string& name) {
    tree taken;
    const auto prefix = name + "/";
    taken.emplace("", names.extract(name).mapped());
    for (auto it = names.upper_bound(prefix); it != names.end() && it->first.starts_with(prefix);) {
      taken.emplace(it->first.substr(name.size()), std::move(it->second));
      it = names.erase(it);
    }
    return taken;
  }

  void put_tree(const std::string& name, tree&& put) {
    for (auto& [rest, file] : put)
      names[name + rest] = std::move(file);
  }

  mutable std::mutex mutex;
  std::shared_ptr<const clock> time;
  /// By normal path; a null content is a directory.
  std::map<std::string, content_ptr> names;
};

memory_file_system::memory_file_system(std::shared_ptr<const clock> time)
    : store_{std::make_shared<store>(std::move(time))} {}

memory_file_system::~memory_file_system() = default;

result<std::vector<unsigned char>> memory_file_system::read_file(const std::string& path,
                                                                 std::uint64_t max_bytes) const {
  const std::lock_guard guard{store_->mutex};
  const auto file = store_->find_file("read", path);
  if (!file)
    return tl::make_unexpected(file.error());
  if ((*file)->bytes.size() > max_bytes)
    return fail(errc::too_large,
                fmt::format("cannot read '{}': it holds more than {} bytes", path, max_bytes));
  return (*file)->bytes;
}

result<void> memory_file_system::write_file_atomic(const std::string& path,
                                                   std::span<const unsigned char> data) {
  const std::lock_guard guard{store_->mutex};
  const auto name = normalise(path);
  if (auto parents = store_->check_parents("write", path, name); !parents)
    return parents;
  if (store_->is_directory(name))
    return failed(errc::invalid_argument, "write", path, "Is a directory");
  store_->names[name] =
      std::make_shared<content>(content{{data.begin(), data.end()}, store_->now_ms()});
  return {};
}

result<std::unique_ptr<read_file_handle>>
memory_file_system::open_read(const std::string& path) const {
  class memory_read_file final : public read_file_handle {
  public:
    memory_read_file(std::shared_ptr<store> files, content_ptr file)
        : store_{std::move(files)}, file_{std::move(file)} {}

    result<std::size_t> read(std::span<unsigned char> into) override {
      const std::lock_guard guard{store_->mutex};
      const auto left = file_->bytes.size() - std::min(at_, file_->bytes.size());
      const auto n = std::min(left, into.size());
      std::copy_n(file_->bytes.begin() + static_cast<std::ptrdiff_t>(at_), n, into.begin());
      at_ += n;
      return n;
    }

    [[nodiscard]] result<std::uint64_t> size() const override {
      const std::lock_guard guard{store_->mutex};
      return file_->bytes.size();
    }

  private:
    std::shared_ptr<store> store_;
    content_ptr file_;
    std::size_t at_ = 0;
  };

  const std::lock_guard guard{store_->mutex};
  const auto file = store_->find_file("read", path);
  if (!file)
    return tl::make_unexpected(file.error());
  return std::make_unique<memory_read_file>(store_, *file);
}

result<std::unique_ptr<append_file>> memory_file_system::open_append(const std::string& path) {
  class memory_append_file final : public append_file {
  public:
    memory_append_file(std::shared_ptr<store> files, content_ptr file, std::string path)
        : store_{std::move(files)}, file_{std::move(file)}, path_{std::move(path)} {}

    result<void> append(std::span<const unsigned char> data) override {
      const std::lock_guard guard{store_->mutex};
      file_->bytes.insert(file_->bytes.end(), data.begin(), data.end());
      file_->modified_ms = store_->now_ms();
      return {};
    }

    result<void> sync() override { return {}; }

    [[nodiscard]] result<std::uint64_t> size() const override {
      const std::lock_guard guard{store_->mutex};
      return file_->bytes.size();
    }

    result<void> truncate(std::uint64_t n) override {
      const std::lock_guard guard{store_->mutex};
      if (n > file_->bytes.size())
        return fail(errc::invalid_argument,
                    fmt::format("cannot truncate '{}' to {} bytes: it has {}", path_, n,
                                file_->bytes.size()));
      file_->bytes.resize(n);
      file_->modified_ms = store_->now_ms();
      return {};
    }

  private:
    std::shared_ptr<store> store_;
    content_ptr file_;
    std::string path_;
  };

  const std::lock_guard guard{store_->mutex};
  return store_->find_or_make("open", path).map([&](content_ptr file) {
    return std::unique_ptr<append_file>{
        std::make_unique<memory_append_file>(store_, std::move(file), path)};
  });
}

result<std::unique_ptr<file_lock>> memory_file_system::try_lock(const std::string& path) {
  class memory_lock final : public file_lock {
  public:
    memory_lock(std::shared_ptr<store> files, content_ptr file)
        : store_{std::move(files)}, file_{std::move(file)} {}
    ~memory_lock() override {
      const std::lock_guard guard{store_->mutex};
      file_->is_locked = false;
    }

  private:
    std::shared_ptr<store> store_;
    content_ptr file_;
  };

  const std::lock_guard guard{store_->mutex};
  auto file = store_->find_or_make("lock", path);
  if (!file)
    return tl::make_unexpected(std::move(file).error());
  if ((*file)->is_locked)
    return failed(errc::unavailable, "lock", path, "another holds its lock");
  auto lock = std::make_unique<memory_lock>(store_, *file);
  (*file)->is_locked = true;
  return lock;
}

result<std::vector<directory_entry>> memory_file_system::list(const std::string& path) const {
  const std::lock_guard guard{store_->mutex};
  const auto name = normalise(path);
  if (!store_->is_directory(name)) {
    const auto file = store_->find_file("list", path);
    return file ? failed(errc::invalid_argument, "list", path, "Not a directory")
                : tl::make_unexpected(file.error());
  }
  std::vector<directory_entry> entries;
  const auto prefix = name.empty() ? name : name + "/";
  for (auto it = store_->names.upper_bound(prefix);
       it != store_->names.end() && it->first.starts_with(prefix); ++it)
    if (it->first.find('/', prefix.size()) == std::string::npos)
      entries.push_back({it->first.substr(prefix.size()), !it->second});
  return entries;
}

result<file_info> memory_file_system::stat(const std::string& path) const {
  const std::lock_guard guard{store_->mutex};
  if (store_->is_directory(normalise(path)))
    return file_info{true, 0, 0, false};
  const auto file = store_->find_file("look at", path);
  if (!file)
    return tl::make_unexpected(file.error());
  return file_info{false, (*file)->bytes.size(), (*file)->modified_ms};
}

result<void> memory_file_system::rename(const std::string& from, const std::string& to) {
  const std::lock_guard guard{store_->mutex};
  const auto old_name = normalise(from);
  const auto new_name = normalise(to);
  const auto shown = fmt::format("{}' to '{}", from, to);
  for (const auto& name : {old_name, new_name})
    if (auto parents = store_->check_parents("rename", shown, name); !parents)
      return parents;
  const auto source = store_->names.find(old_name);
  if (source == store_->names.end())
    return failed(errc::not_found, "rename", shown, "No such file or directory");
  if (old_name == new_name)
    return {};
  if (old_name.empty() || new_name.starts_with(old_name + "/"))
    return failed(errc::invalid_argument, "rename", shown, "Invalid argument");
  if (auto fits = store_->check_target(shown, !source->second, new_name); !fits)
    return fits;
  store_->put_tree(new_name, store_->take_tree(old_name));
  return {};
}

result<void> memory_file_system::exchange(const std::string& a, const std::string& b) {
  const std::lock_guard guard{store_->mutex};
  const auto first = normalise(a);
  const auto second = normalise(b);
  const auto shown = fmt::format("{}' and '{}", a, b);
  for (const auto& name : {first, second}) {
    if (auto parents = store_->check_parents("exchange", shown, name); !parents)
      return parents;
    if (!store_->names.contains(name))
      return failed(errc::not_found, "exchange", shown, "No such file or directory");
  }
  if (first == second)
    return {};
  if (first.empty() || second.empty() || first.starts_with(second + "/") ||
      second.starts_with(first + "/"))
    return failed(errc::unsupported, "exchange", shown, "Invalid argument");
  auto from_first = store_->take_tree(first);
  store_->put_tree(first, store_->take_tree(second));
  store_->put_tree(second, std::move(from_first));
  return {};
}

result<void> memory_file_system::remove(const std::string& path) {
  const std::lock_guard guard{store_->mutex};
  const auto name = normalise(path);
  if (!store_->is_directory(name)) {
    if (const auto file = store_->find_file("remove", path); !file)
      return tl::make_unexpected(file.error());
  } else if (name.empty() || store_->has_children(name)) {
    return failed(errc::illegal_state, "remove", path, "Directory not empty");
  }
  store_->names.erase(name);
  return {};
}

result<void> memory_file_system::make_directories(const std::string& path) {
  const std::lock_guard guard{store_->mutex};
  const auto name = normalise(path);
  for (auto above = name; !above.empty(); above = parent_of(above)) {
    const auto it = store_->names.find(above);
    if (it != store_->names.end() && it->second)
      return failed(errc::invalid_argument, "make directory", path, "Not a directory");
  }
  for (auto above = name; !above.empty(); above = parent_of(above))
    store_->names.try_emplace(above, nullptr);
  return {};
}

result<void> memory_file_system::sync_directory(const std::string& path) {
  const auto listed = list(path);
  return listed ? result<void>{} : tl::make_unexpected(listed.error());
}

} // namespace millrace
