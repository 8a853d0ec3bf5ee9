#pragma once

#include "millrace/base/error.hpp"
#include "millrace/base/log.hpp"
#include "millrace/base/time.hpp"
#include "millrace/intake/input_limits.hpp"
#include "millrace/intake/input_split.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace millrace {

/// What a source can give again after a crash.
enum class recoverability {
  none,        ///< Nothing: what it gave is nowhere else.
  by_time,     ///< A batch, when it is asked for the same time again.
  by_position, ///< The records of a split, whenever it is asked to read that.
};

/// "none", "by time", "by position".
std::string_view to_string(recoverability how) noexcept;

/// An input that is asked for its records when a batch is made, such as a directory of files: first
/// which records the batch has, then for the records.
///
/// Called by one thread at a time, but for `read`: `start` once, then `plan` once per batch time,
/// in order; not for the time of a batch that another input has failed already.
class pull_source {
public:
  virtual ~pull_source() = default;

  virtual recoverability recovers() const = 0;

  /// Whether `plan` or `read` may block, on a disk for example. Then they are called on a thread of
  /// its own; a source that says no must return quickly.
  virtual bool blocks() const { return false; }

  /// The job starts. What it throws is the error of the start.
  virtual void start(batch_time, const logger&) {}

  /// Which records belong to the batch, in their order; nothing (which is not the same as no
  /// split): the stream has no batch at this time. What would exceed the limits is left for later
  /// batches; what cannot be divided may exceed them if it comes alone.
  virtual std::optional<std::vector<input_split>> plan(batch_time time,
                                                       const input_limits& limits) = 0;

  /// The records of a split that does not have them at hand, each block a partition; the same ones
  /// however often it is asked. From any thread, and several at a time.
  virtual result<std::vector<block_ptr>> read(const input_split& split) const { return split.made; }

  /// The batch that `plan` was asked for last is not made: another input failed, or a split could
  /// not be read, which then is not among these. True: the source sees to it that a later `plan`
  /// has them. False: the caller keeps them and puts them before those of the next `plan`.
  virtual bool take_back(const std::vector<input_split>& /*splits*/) { return false; }

  /// Where the source is after the batches planned so far, for `resume` in another process. Empty
  /// where there is nothing to remember. Between two calls of `plan`.
  virtual bytes position() const { return {}; }

  /// Goes on from a position: the next `plan` has what comes after it. Before `start`. The default
  /// takes an empty position only; an error says why another cannot be taken.
  virtual result<void> resume(const bytes& from);
};

} // namespace millrace
