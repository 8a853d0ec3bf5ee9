#pragma once

#include "millrace/base/executor.hpp"
#include "millrace/base/time.hpp"
#include "millrace/chunk/hash_seed.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace millrace {

/// The operator contract.
///
/// A stage instance drives its operators from one thread, batch after batch. For each batch the
/// calls are
///
///     begin (open consume* close)* end
///
/// and every operator passes `begin`, `open`, `close` and `end` on to what is below it, after
/// emitting what it owes: records of an open partition go down before `close`, records of the batch
/// before `end`.
///
/// Invariants
/// - `consume` is the only call that carries records: one virtual call for a chunk of about
///   `chunk_capacity<T>` records, never one per record.
/// - The records of a chunk belong to the callee until it returns: it may move from them or reorder
///   them in place. The caller never reads them again. To send a chunk twice, copy it first (see
///   fan_out).
/// - Views inside records (`std::string_view`) stay valid until the batch of the stage is finished,
///   because the stage keeps its inputs alive as long; an operator that keeps records past `end`
///   makes owned copies.
/// - After an exception the instance is abandoned for this attempt; the next call is `begin`, which
///   resets everything.

/// The place of a partition in the order of a stream's elements: lanes come from unions, left to
/// right.
struct partition_order {
  std::uint32_t lane = 0;
  std::uint64_t index = 0;
  friend auto operator<=>(const partition_order&, const partition_order&) = default;
};

/// What an operator may know of the batch it works on.
struct batch_context {
  batch_time time;
  hash_seed seed;
  /// Keeps the memory alive that views in this batch's records point into. Settled when the first
  /// record comes; a root that emits records of earlier batches adds them.
  std::shared_ptr<const void> inputs;
  /// One batch interval before the first batch of the job: a stream with slide s has a batch at
  /// the times `zero + n * s`, n >= 1.
  batch_time zero;
  /// For operations on whole batches; null: run on the calling thread.
  std::shared_ptr<parallel_executor> executor;
};

/// A run-time part of a job (operator, root or end of a stage, sink, node of the graph), as the
/// class that its kind is known by. As std::make_unique, but compiles nothing that depends on T
/// beside its constructor: there is one such part for each operation of a program.
template <class T, class... Args>
std::unique_ptr<typename T::part> make_part(Args&&... args) {
  return std::unique_ptr<typename T::part>{new T(std::forward<Args>(args)...)};
}

/// The part of the contract that does not depend on the element type.
class consumer_base {
public:
  using part = consumer_base;
  virtual ~consumer_base() = default;
  virtual void begin(const batch_context& context) = 0;
  virtual void open(partition_order order) = 0;
  virtual void close() = 0;
  virtual void end() = 0;
};

using consumer_ptr = std::unique_ptr<consumer_base>;

/// Takes chunks of T.
template <class T>
class consumer : public consumer_base {
public:
  using value_type = T;
  virtual void consume(std::span<T> records) = 0;
};

} // namespace millrace
