#pragma once

#include "millrace/op/consumer.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace millrace {

/// What one stage partition hands to one partition of the next stage (or to an output) for one
/// batch.
///
/// Immutable once taken from its writer and shared by pointer inside a process, so a failed task
/// can be run again from the same inputs. `keep` holds the memory that views in the records point
/// into, and is null where there are none: what it holds counts against no bound.
class payload {
public:
  virtual ~payload() = default;
  virtual std::size_t records() const = 0;

  std::shared_ptr<const void> keep;
};

/// Null means absent: the stream has no batch at this time (Spark's `None`), which differs from an
/// empty one.
using payload_ptr = std::shared_ptr<const payload>;

/// The upstream end of an exchange, or of an output: takes the records of one stage partition and
/// divides them among the targets. Single-owner, like the operators above it.
class exchange_writer {
public:
  using part = exchange_writer;
  virtual ~exchange_writer() = default;

  /// The consumer for the records of `lane`. Lanes are interleaved freely; the writer keeps what
  /// order it needs.
  virtual consumer_base& lane_input(std::uint32_t lane) = 0;

  /// Forgets what was written, for a new batch or a new attempt.
  virtual void reset(const batch_context& context) = 0;

  /// One payload for each target, never null unless the writer is a direct one. Call once, after
  /// `end`.
  virtual std::vector<payload_ptr> take() = 0;
};

/// The root of a stage: replays its inputs into the first operator and drives the life cycle,
/// `begin` to `end`.
///
/// A root that keeps data from batch to batch (windows, state) is transactional: each `read` is
/// followed either by `commit`, when the whole stage has succeeded, or by `rollback`, after which
/// it is as before that `read` and the batch may be tried again.
class stage_reader {
public:
  using part = stage_reader;
  virtual ~stage_reader() = default;
  virtual void commit() {}
  virtual void rollback() {}
};

/// The payloads of one partition of an exchange for one batch, in the order of (upstream stage,
/// upstream partition). None is null, unless the exchange absorbs absence.
struct exchange_input {
  std::uint32_t partition = 0;
  const std::vector<payload_ptr>& slots;
  /// For each slot, which parent of the exchange it comes from.
  const std::vector<std::uint32_t>& parents;
};

/// The downstream end of an exchange.
class exchange_reader : public stage_reader {
public:
  /// Returns false when the stream has no batch at this time; nothing has been sent down then.
  virtual bool read(batch_context& context, const exchange_input& input) = 0;

  /// For the one stage partition that all input of `partition` comes from, in place of the
  /// exchange's writer: hands records on to this reader as they are made, a chunk at a time, so
  /// that nothing is stored between. Its `reset` begins a batch here and its `take` ends it, with
  /// one null payload; together they are what `read` is otherwise. Null if this reader needs its
  /// input as a whole. The reader must outlive it.
  virtual std::unique_ptr<exchange_writer> make_direct_writer(std::uint32_t /*partition*/) {
    return nullptr;
  }
};

} // namespace millrace
