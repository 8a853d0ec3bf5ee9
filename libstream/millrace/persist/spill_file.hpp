#pragma once

#include "millrace/base/error.hpp"
#include "millrace/io/file_system.hpp"
#include "millrace/persist/encoded_batch.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace millrace::detail {

/// A batch on disk, for this process only; removed with the last holder. Written under a temporary
/// name and renamed, in the format of object files (`files/FORMAT.md`), a block for each partition,
/// so that damage is seen. Read it from any thread.
class spill_file {
public:
  /// Ends of the names in a directory for spilled batches.
  static constexpr const char* suffix = ".spill";

  /// On error, which names the file, nothing is left behind as far as the disk allows.
  static result<std::shared_ptr<const spill_file>> write(std::shared_ptr<file_system> files,
                                                         const std::string& directory,
                                                         const std::string& name,
                                                         const encoded_batch& batch);

  spill_file(std::shared_ptr<file_system> files, std::string path, std::uint64_t bytes)
      : files_{std::move(files)}, path_{std::move(path)}, bytes_{bytes} {}
  spill_file(const spill_file&) = delete;
  spill_file& operator=(const spill_file&) = delete;
  ~spill_file();

  [[nodiscard]] result<encoded_batch> read() const;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

private:
  std::shared_ptr<file_system> files_;
  std::string path_;
  std::uint64_t bytes_;
};

/// Removes the spilled batches, also half written ones, in a directory; returns how many. Other
/// entries stay.
[[nodiscard]] result<std::size_t> remove_spilled(file_system& files, const std::string& directory);

/// Makes the directory, and removes what an earlier process left in it.
[[nodiscard]] result<void> prepare_spill_directory(file_system& files,
                                                   const std::string& directory);

} // namespace millrace::detail
