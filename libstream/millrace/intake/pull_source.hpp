#pragma once

#include "millrace/base/log.hpp"
#include "millrace/base/time.hpp"
#include "millrace/block/block.hpp"

#include <optional>
#include <vector>

namespace millrace {

/// An input that is asked for its records when a batch is made, such as a queue of batches.
///
/// Called by one thread at a time: `start` once, then `pull` once per batch time, in order; not for
/// the time of a batch that another input has failed already.
class pull_source {
public:
  virtual ~pull_source() = default;

  /// Whether `pull` may block, on a disk for example. Then it is called on a thread of its own; a
  /// source that says no must return quickly.
  virtual bool blocks() const { return false; }

  /// The job starts. What it throws is the error of the start.
  virtual void start(batch_time, const logger&) {}

  /// The blocks of the batch, each one a partition; nothing (which is not the same as no block):
  /// the stream has no batch at this time.
  virtual std::optional<std::vector<block_ptr>> pull(batch_time time) = 0;

  /// The last `pull` gave these blocks and the batch is not made, because another input failed.
  /// True: the source sees to it that a later `pull` gives what has to come. False: the caller
  /// keeps the blocks and puts them before those of the next `pull`.
  virtual bool take_back(const std::vector<block_ptr>& /*blocks*/) { return false; }
};

} // namespace millrace
