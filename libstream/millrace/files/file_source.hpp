#pragma once

#include "millrace/files/file_discovery.hpp"
#include "millrace/files/file_reader.hpp"
#include "millrace/intake/pull_source.hpp"

#include <functional>
#include <memory>
#include <optional>

namespace millrace {

/// Reads one file, as it was found, into blocks; tells the log what it leaves out. Called on
/// threads that may block, for several files at a time. May throw what a user's function throws.
using file_reader = std::function<result<std::vector<block_ptr>>(const file_system&,
                                                                 const found_file&, const logger&)>;

/// What a file stream takes beside its directory; see file_discovery_options, whose meanings these
/// have.
struct file_stream_options {
  file_filter filter = default_file_filter;
  bool new_files_only = true;
  bool recursive = false;
  bool wait_until_stable = true;
  /// Nothing: what the option files.min_remember says.
  std::optional<duration> min_remember = std::nullopt;
  std::size_t max_files_per_batch = 10'000;
  std::uint64_t max_bytes_per_batch = std::uint64_t{1} << 30U;
};

/// The input of `file_stream`: in each batch the files that file_discovery says are new, each a
/// split, and each block of a file a partition.
///
/// A file that cannot be read, or whose reader throws, is tried twice more at once; then the batch
/// fails with an error that names it, which the log has too, and this version of the file is not
/// tried again. The other files of that batch are read for the next one.
class file_source final : public pull_source {
public:
  /// Throws stream_error(invalid_argument) for options that are not valid.
  file_source(std::string directory, const file_stream_options& options, duration batch_interval,
              std::shared_ptr<const file_system> files, file_reader reader);

  recoverability recovers() const override { return recoverability::by_position; }
  bool blocks() const override { return true; }
  void start(batch_time now, const logger& log) override;
  std::optional<std::vector<input_split>> plan(batch_time time,
                                               const input_limits& limits) override;
  result<std::vector<block_ptr>> read(const input_split& split) const override;
  bool take_back(const std::vector<input_split>& splits) override;
  bytes position() const override;
  result<void> resume(const bytes& from) override;

private:
  result<std::vector<block_ptr>> read_once(const found_file& file) const;

  file_discovery_options discovery_options_;
  std::optional<file_discovery> discovery_;
  std::optional<file_discovery_state> resumed_; ///< Until the start.
  std::shared_ptr<const file_system> files_;
  file_reader reader_;
  logger log_;
};

} // namespace millrace
