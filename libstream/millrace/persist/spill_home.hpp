#pragma once

#include "millrace/base/error.hpp"
#include "millrace/base/log.hpp"
#include "millrace/io/file_system.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace millrace {

/// The directory that one job spills batches to, below a root that jobs of any process share.
///
/// A job holds the lock of a file in its directory for as long as it has one, so the directories
/// whose lock is free belong to jobs that ended without removing theirs: a process that was killed.
/// All calls from any thread.
class spill_home {
public:
  /// `number` is to be one that no other job has; directories are named by it.
  spill_home(std::string root, std::uint64_t number);
  spill_home(const spill_home&) = delete;
  spill_home& operator=(const spill_home&) = delete;
  /// Removes the directory as far as it is empty, and lets go of its lock.
  ~spill_home();

  /// The directory, made and locked by the first call that succeeds. Its entries are to be
  /// directories of spill files. `files` is the same at each call.
  [[nodiscard]] result<std::string> prepare(const std::shared_ptr<file_system>& files);

  /// Removes what jobs that live no more have left below the root; only the first call does
  /// anything. What cannot be removed is logged and stays.
  void remove_leftovers(file_system& files, const logger& log);

private:
  const std::string root_;
  const std::uint64_t number_;
  std::mutex mutex_;
  std::shared_ptr<file_system> files_; ///< Once prepared.
  std::string directory_;
  std::unique_ptr<file_lock> lock_;
  bool searched_ = false;
};

} // namespace millrace
