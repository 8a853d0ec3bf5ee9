#pragma once

#include "millrace/base/error.hpp"
#include "millrace/base/time.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

namespace millrace {

/// How many batches there may be between their tick and their end.
struct batch_queue_options {
  /// Batches being processed at once. Larger: stages overlap more, results come later each.
  std::size_t max_in_flight = 2;
  /// Admitted batches that wait for their turn. Larger: intake slows down later.
  std::size_t max_waiting = 16;
};

[[nodiscard]] result<void> validate(const batch_queue_options& options);

/// What became of a batch that was offered.
enum class admission {
  /// It is in flight: run it now.
  admitted,
  /// It is accepted and starts when `complete` names it.
  waiting,
  /// Both bounds are reached: it was not accepted. Offer it again after the next `complete`.
  held,
};

/// One batch in flight, by the clock of whoever called.
struct started_batch {
  batch_time time;
  /// When it was offered first.
  batch_time submitted;
  batch_time started;

  /// From its own time to its start: what it waited to be offered, held and for its turn. Not
  /// negative.
  [[nodiscard]] duration scheduling_delay() const { return (started - time).max(duration{0}); }

  friend bool operator==(const started_batch&, const started_batch&) = default;
};

/// Admits batches in the order of their times, a bounded number in flight and a bounded number
/// waiting. Owned by one thread at a time (in a job, by the batch driver).
/// At the bound a batch is held: its tick stays in the schedule's pending range and its blocks stay
/// unallocated, so the block store fills up and receivers slow down. No tick is lost.
class batch_queue {
public:
  /// Throws `stream_error` if the options are not valid.
  explicit batch_queue(batch_queue_options options = {});

  /// Times must ascend from one accepted offer to the next: `invalid_argument` otherwise. A held
  /// batch remembers when it was first offered.
  [[nodiscard]] result<admission> offer(batch_time t, batch_time now);

  /// Batch `t` is over, well or not. Returns the waiting batch that starts in its place, if any.
  /// `not_found` if `t` is not in flight.
  [[nodiscard]] result<std::optional<started_batch>> complete(batch_time t, batch_time now);

  /// Drops what waits, oldest first in the answer; what is in flight goes on. For stopping at once.
  [[nodiscard]] std::vector<batch_time> drop_waiting();

  /// The batch, if it is in flight.
  [[nodiscard]] std::optional<started_batch> in_flight(batch_time t) const;

  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_.size(); }

  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }

  [[nodiscard]] bool idle() const noexcept { return in_flight_.empty() && waiting_.empty(); }

  /// Whether an offer would be held.
  [[nodiscard]] bool full() const noexcept;

private:
  struct submission {
    batch_time time;
    batch_time submitted;
  };

  batch_queue_options options_;
  std::vector<started_batch> in_flight_;
  std::deque<submission> waiting_;
  std::optional<submission> held_; // refused last, not accepted since
  std::optional<batch_time> last_accepted_;
};

} // namespace millrace
