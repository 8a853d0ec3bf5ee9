#include "millrace/persist/spill_home.hpp"

#include "millrace/persist/spill_file.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

namespace millrace {

namespace {

constexpr const char* lock_name = "lock";

/// Directories that nobody removes while they are made are as many as this at least.
constexpr int most_names = 100;

bool is_home(const directory_entry& entry) {
  return entry.is_directory && !entry.is_link &&
         entry.name.find_first_not_of("0123456789-") == std::string::npos;
}

/// Removes a directory with the lock file in it, whose lock the caller holds, if that is all there
/// is. Otherwise the lock file stays, for the next who tries.
result<void> remove_home(file_system& files, const std::string& directory) {
  auto entries = files.list(directory);
  if (!entries)
    return tl::make_unexpected(std::move(entries).error());
  for (const auto& entry : *entries) {
    const auto path = directory + "/" + entry.name;
    if (entry.name == lock_name)
      continue;
    if (!entry.is_directory || entry.is_link)
      return fail(errc::illegal_state, fmt::format("'{}' is not a stream's directory", path));
    if (auto removed = files.remove(path); !removed)
      return removed;
  }
  return files.remove(directory + "/" + lock_name).and_then([&] {
    return files.remove(directory);
  });
}

/// Removes the spilled batches of a job that lives no more, and then its directory.
result<std::size_t> remove_leftover(file_system& files, const std::string& directory) {
  const auto streams = files.list(directory);
  if (!streams)
    return tl::make_unexpected(streams.error());
  std::size_t spilled = 0;
  for (const auto& stream : *streams)
    if (stream.is_directory && !stream.is_link) {
      auto removed = detail::remove_spilled(files, directory + "/" + stream.name);
      if (!removed)
        return removed;
      spilled += *removed;
    }
  return remove_home(files, directory).map([&] { return spilled; });
}

} // namespace

spill_home::spill_home(std::string root, std::uint64_t number)
    : root_{std::move(root)}, number_{number} {}

spill_home::~spill_home() {
  if (lock_)
    static_cast<void>(remove_home(*files_, directory_));
}

result<std::string> spill_home::prepare(const std::shared_ptr<file_system>& files) {
  const std::lock_guard guard{mutex_};
  for (int n = 0; !lock_; ++n) {
    auto directory = fmt::format("{}/{}-{}", root_, number_, n);
    if (auto made = files->make_directories(directory); !made)
      return tl::make_unexpected(std::move(made).error());
    auto lock = files->try_lock(directory + "/" + lock_name);
    if (lock) {
      files_ = files;
      directory_ = std::move(directory);
      lock_ = std::move(*lock);
    } else if (n == most_names ||
               (lock.error().code != errc::unavailable && lock.error().code != errc::not_found)) {
      return tl::make_unexpected(std::move(lock).error());
    } // Otherwise another job took the directory, not locked yet, for one left behind.
  }
  return directory_;
}

void spill_home::remove_leftovers(file_system& files, const logger& log) {
  {
    const std::lock_guard guard{mutex_};
    if (std::exchange(searched_, true))
      return;
  }
  const auto entries = files.list(root_);
  if (!entries)
    return;
  for (const auto& entry : *entries) {
    if (!is_home(entry))
      continue;
    const auto directory = root_ + "/" + entry.name;
    if (!files.stat(directory + "/" + lock_name)) {
      static_cast<void>(files.remove(directory)); // one that was left before it was locked: empty
      continue;
    }
    auto lock = files.try_lock(directory + "/" + lock_name);
    if (!lock && lock.error().code == errc::unavailable)
      continue;
    auto removed = lock.and_then([&](auto&) { return remove_leftover(files, directory); });
    if (removed)
      log.info(
          fmt::format("removed {} spilled batches that a job left in '{}'", *removed, directory));
    else
      log.warning(fmt::format("cannot remove the spilled batches that a job left in '{}': {}",
                              directory, removed.error().message));
  }
}

} // namespace millrace
