#pragma once

#include "millrace/base/error.hpp"
#include "millrace/base/log.hpp"
#include "millrace/base/time.hpp"
#include "millrace/io/file_system.hpp"
#include "millrace/persist/encoded_batch.hpp"
#include "millrace/persist/spill_file.hpp"
#include "millrace/persist/spill_home.hpp"
#include "millrace/persist/storage_level.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace {

struct retained_options {
  /// The stream's name, for messages.
  std::string stream;
  storage_level level = storage_levels::memory_only;
  /// A batch is dropped once it is this old.
  duration remember = minutes(1);
  /// Bytes of batches in memory, estimated. Larger: fewer spills or losses.
  std::size_t max_memory_bytes = std::size_t{256} << 20U;
  /// Where batches are spilled: a directory of this stream alone, whose spilled batches of earlier
  /// processes are removed. Needed by the levels with a disk only.
  std::string directory = {};
  /// What `directory` is relative to, if not null: what is to be removed is found there too.
  std::shared_ptr<spill_home> home = nullptr;
};

[[nodiscard]] result<void> validate(const retained_options& options);

/// What is kept now, and what became of the rest.
struct retained_stats {
  std::size_t batches = 0;
  std::size_t memory_bytes = 0;
  std::size_t spilled_batches = 0;
  std::uint64_t spilled_bytes = 0;
  /// Batches dropped for want of memory, ever.
  std::uint64_t dropped = 0;
};

namespace detail {

/// The part of `retained<T>` that does not know T: which batch is where. Its promises are those of
/// `retained`. The lock is never held while a batch is encoded, decoded, written or read.
class retention {
public:
  /// `coder` may be null for levels that need none.
  retention(retained_options options, std::shared_ptr<file_system> files,
            std::unique_ptr<const batch_coder> coder, logger log);

  result<void> add(batch_time time, any_batch batch, std::size_t bytes);

  /// The batches with times in [from, to] that are remembered, in order.
  [[nodiscard]] result<std::vector<std::pair<batch_time, any_batch>>> slice(batch_time from,
                                                                            batch_time to) const;

  void forget(batch_time now);
  void clear();
  void remember(duration span);

  [[nodiscard]] duration remember() const;
  [[nodiscard]] retained_stats stats() const;

  [[nodiscard]] const retained_options& options() const noexcept { return options_; }

private:
  /// One of the three is set, or none if the batch was dropped.
  struct entry {
    std::uint64_t number = 0;
    any_batch objects = nullptr;
    std::shared_ptr<const encoded_batch> encoded = nullptr;
    std::shared_ptr<const spill_file> file = nullptr;
    /// In memory.
    std::size_t bytes = 0;
    bool spilling = false;
    /// Its codec refused it.
    bool unencodable = false;
  };
  struct spill_failure {
    error why;
    bool of_disk = false;
  };
  using entries = std::map<batch_time, entry>;

  [[nodiscard]] result<std::shared_ptr<const encoded_batch>> encode(batch_time time,
                                                                    const any_batch& batch) const;
  [[nodiscard]] result<any_batch> load(batch_time time, const entry& from) const;
  [[nodiscard]] result<void> make_room(std::unique_lock<std::mutex>& lock);
  void drop(entries::iterator at);
  [[nodiscard]] std::optional<spill_failure> spill(entries::iterator at,
                                                   std::unique_lock<std::mutex>& lock);
  [[nodiscard]] result<std::shared_ptr<const spill_file>>
  write(batch_time time, std::uint64_t number, const encoded_batch& batch);
  [[nodiscard]] result<std::string> prepare_directory();
  [[nodiscard]] std::string describe(batch_time time) const;

  const retained_options options_;
  const std::size_t memory_bound_;
  const std::shared_ptr<file_system> files_;
  const std::unique_ptr<const batch_coder> coder_;
  const logger log_;

  mutable std::mutex mutex_;
  duration remember_;
  entries entries_;
  std::size_t memory_bytes_ = 0;
  std::uint64_t next_number_ = 0;
  std::uint64_t dropped_ = 0;

  std::mutex directory_mutex_;
  std::string directory_; ///< Empty until it is ready.
};

} // namespace detail

} // namespace millrace
