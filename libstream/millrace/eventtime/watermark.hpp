#pragma once

#include "millrace/eventtime/event_time.hpp"

#include <cstdint>
#include <optional>

namespace millrace {

/// How a stream's watermark follows its records.
struct watermark_options {
  /// How much earlier than the latest event seen a record may be without being late. Longer: fewer
  /// late records, and every window fires that much later.
  duration max_out_of_orderness;

  /// A record whose event lies further ahead of its batch's time does not move the watermark, so
  /// that one clock gone wrong cannot make all others late. The record itself is kept. None: every
  /// record counts.
  std::optional<duration> max_ahead;
};

/// The watermark of a stream: the promise that no event before it will come any more. It is the
/// greatest event time seen so far less `max_out_of_orderness`, and never moves back.
///
/// Upstream, where records are first seen, every partition has one and observes its records;
/// `greatest()` travels with the batch. Downstream, every partition observes what came from all
/// upstream partitions, so that all have the same watermark. A stream on which nothing comes keeps
/// its watermark: its last windows stay open until a later event comes.
///
/// Single owner, one thread at a time. A batch is `begin ... commit`; `rollback` brings back what
/// was before `begin`. Event times near the ends of 64 bits are held there.
class watermark {
public:
  /// Throws stream_error(invalid_argument) if a duration is negative.
  explicit watermark(watermark_options options = {});

  /// Starts a batch, or starts it again.
  void begin(batch_time now) noexcept;

  void observe(event_time t) noexcept {
    if (t > limit_)
      ++ignored_;
    else if (!greatest_ || t > *greatest_)
      greatest_ = t;
  }

  /// What another partition observed: it has left out already what was too far ahead.
  void observe_greatest(std::optional<event_time> other) noexcept {
    if (other && (!greatest_ || *other > *greatest_))
      greatest_ = other;
  }

  /// The greatest event time that counts, of all batches up to this point; none before the first
  /// record.
  [[nodiscard]] std::optional<event_time> greatest() const noexcept { return greatest_; }

  /// The watermark up to this point; `earliest_event_time` before the first record.
  [[nodiscard]] event_time value() const noexcept;

  /// The watermark as it was when the batch began: what its records are late against.
  [[nodiscard]] event_time before() const noexcept;

  /// Records of this batch that were too far ahead.
  [[nodiscard]] std::uint64_t ignored() const noexcept { return ignored_; }

  void commit() noexcept { committed_ = greatest_; }
  void rollback() noexcept;

  /// Takes up where a stream left off, from the `greatest()` of its last committed batch.
  void restore(std::optional<event_time> greatest) noexcept;

private:
  [[nodiscard]] event_time behind(std::optional<event_time> greatest) const noexcept;

  watermark_options options_;
  event_time limit_ = latest_event_time;
  std::optional<event_time> greatest_;
  std::optional<event_time> committed_;
  std::uint64_t ignored_ = 0;
};

} // namespace millrace
