#pragma once

#include "millrace/base/clock.hpp"
#include "millrace/intake/token_bucket.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>

namespace millrace {

/// Holds a receiver to its rate: its threads wait for permits to store records. Thread-safe.
///
/// A thread that must not wait takes its permits on credit, which later ones pay for; so does a
/// thread whose wait is cut short. `paid_at` tells how far what was stored is ahead of the rate.
class intake_pacer {
public:
  intake_pacer(token_bucket_options options, std::shared_ptr<const clock> time);

  /// Between 1 and `wanted` permits, after the wait they cost.
  std::size_t permits(std::size_t wanted);

  /// As `permits`, on credit instead of waiting.
  std::size_t permits_at_once(std::size_t wanted);

  /// The steady time at which everything that was granted so far is within the rate.
  std::chrono::steady_clock::time_point paid_at() const;

  /// Holds for what is asked for from now on; a wait that is under way keeps its length.
  void update_rate(double records_per_second);

  /// In whole records per second; token_bucket::no_limit when there is none.
  std::int64_t current_limit() const;

  /// For whoever moves the clock by hand: who waits looks at it again.
  void time_moved();

  /// From now on nobody waits any more, so that a stopping receiver can hand over what it has
  /// already taken in.
  void stop();
  /// Takes a stop back.
  void resume();

private:
  std::size_t grant_on_credit(std::size_t wanted);

  std::shared_ptr<const clock> time_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  token_bucket bucket_;
  /// When everything granted on credit is paid.
  std::chrono::steady_clock::time_point paid_at_;
  bool stopped_ = false;
};

} // namespace millrace
