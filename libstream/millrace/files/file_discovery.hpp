#pragma once

#include "millrace/base/log.hpp"
#include "millrace/base/time.hpp"
#include "millrace/files/directory_listing.hpp"
#include "millrace/files/found_file.hpp"
#include "millrace/io/directory_watch.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace millrace {

struct file_discovery_options {
  /// A directory, or a pattern of directories (see `matches_glob`).
  std::string directory;
  bool recursive = false;
  file_filter filter = default_file_filter;
  /// Files that are there at the start, and not modified after it, are not read.
  bool new_files_only = true;
  /// A file is left until it has not been modified for a whole batch, so that one that is still
  /// written to is not read in part: by its modification time and by a look of an earlier batch,
  /// for clocks of file servers may be wrong. Batch times count, so this holds too for batches that
  /// are made up for in quick succession. Off: Spark's rule, which reads a file in the batch in
  /// which it was last modified.
  bool wait_until_stable = true;
  /// Time between two batches of the stream.
  duration batch = seconds(1);
  /// How long it is remembered at least which files a batch had.
  duration min_remember = minutes(1);
  /// Files in one batch; the others wait for the next ones. Smaller: more even batches.
  std::size_t max_files_per_batch = 10'000;
  /// Bytes of files, as they lie on the disk, in one batch; the others wait for the next ones. A
  /// file that is larger comes alone.
  std::uint64_t max_bytes_per_batch = std::uint64_t{1} << 30U;
  /// Files remembered as read, about 200 bytes each.
  std::size_t max_remembered = 1'000'000;
  /// The directory is listed at least in every such batch even if the watch tells of no change.
  std::size_t list_every = 10;
};

[[nodiscard]] result<void> validate(const file_discovery_options& options);

/// What has to outlive a restart so that no file is missed or read twice.
struct file_discovery_state {
  bool started = false;
  batch_time last;
  /// Everything up to here in `reading_order` counts as read.
  found_file floor{"", 0, INT64_MIN};
  /// Files read, or passed over at the start, that are not long gone.
  std::vector<found_file> read;
  /// The files of the remembered batches.
  std::vector<std::pair<batch_time, std::vector<found_file>>> batches;
  /// Files that the last look saw and no batch has had yet.
  std::vector<found_file> waiting;
};

/// Decides which files belong to a batch: each version of a file (path, size, modification time)
/// that was not there at the start, once; oldest first. Files modified after the batch time wait
/// for their batch.
///
/// Unlike Spark's, a file that turns up late with an old modification time is read, and a file that
/// is written anew is read again (as a whole). One that has been read is not read again when it has
/// been away, however long. For that all files are remembered. At `max_remembered` the
/// oldest are forgotten and their modification time becomes a threshold as in Spark: nothing is
/// read twice, but what turns up later with an older time is taken for read (a warning says so).
///
/// Owned and called by one thread; lists the directory within `select`, so it may take as long as
/// the disk does. A directory that is missing or cannot be read is a warning (once until it is well
/// again) and gives no files; nothing is forgotten meanwhile. Memory also grows with the files of
/// one listing.
class file_discovery {
public:
  /// Throws `stream_error(invalid_argument)` if the options are not valid.
  file_discovery(file_discovery_options options, std::shared_ptr<const file_system> files,
                 logger log = {}, std::unique_ptr<directory_watch> watch = nullptr);

  /// Takes note of the files that are there, if only new ones are to be read. When the directory
  /// cannot be listed, modification times decide: files modified up to `now` are old. Later calls,
  /// also after `restore`, do nothing.
  void start(batch_time now);

  /// The files of the batch, of at most so many bytes together; none for a time that is not after
  /// the last one, except that the files of a remembered batch are told again. Starts at `time` if
  /// nobody has before.
  [[nodiscard]] std::vector<found_file> select(batch_time time,
                                               std::uint64_t max_bytes = UINT64_MAX);

  /// These files of the last batch were not read for it: they are as if they had not been selected,
  /// and are due again.
  void give_back(const std::vector<found_file>& files);

  /// Files seen and not yet given to a batch.
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }

  /// Files remembered as read.
  [[nodiscard]] std::size_t remembered() const noexcept { return known_.size() - waiting_; }

  /// How long a batch's files are remembered: whole batches, at least `min_remember`.
  [[nodiscard]] duration remember_span() const noexcept { return span_; }

  [[nodiscard]] file_discovery_state state() const;

  /// Goes on where `state` was taken; call it before anything else.
  void restore(file_discovery_state state);

private:
  struct known_file {
    std::uint64_t size = 0;
    std::int64_t modified_ms = 0;
    bool read = false;
    /// The number of the last look that saw it.
    std::uint64_t seen = 0;
  };
  using known_map = std::unordered_map<std::string, known_file>;

  [[nodiscard]] directory_listing look();
  void tell(const std::optional<error>& problem);
  [[nodiscard]] bool may_skip();
  [[nodiscard]] bool is_due(const found_file& file, batch_time time);
  void keep_within_bounds(std::vector<found_file>& due, std::uint64_t max_bytes) const;
  void remember_read(const found_file& file);
  void forget_gone(const directory_listing& listing);
  void forget_beyond_bound();

  file_discovery_options options_;
  std::shared_ptr<const file_system> files_;
  logger log_;
  std::unique_ptr<directory_watch> watch_;
  duration span_;

  bool started_ = false;
  std::optional<batch_time> last_;
  known_map known_;
  std::size_t waiting_ = 0;
  found_file floor_{"", 0, INT64_MIN};
  std::map<batch_time, std::vector<found_file>> batches_;

  std::uint64_t looks_ = 0;
  std::size_t skipped_ = 0;
  bool last_look_was_well_ = false;
  std::string told_problem_;
  bool told_bound_ = false;
};

} // namespace millrace
