#pragma once

#include "millrace/base/clock.hpp"
#include "millrace/rate/token_bucket.hpp"

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>

namespace millrace::actors {

/// Makes receiver threads wait for rate permits. Thread-safe. After `stop` nobody waits any more,
/// so that a stopping receiver can hand over what it has already taken in.
class intake_pacer {
public:
  intake_pacer(token_bucket_options options, std::shared_ptr<const clock> time);

  /// Between 1 and `wanted` permits, after the wait they cost.
  std::size_t permits(std::size_t wanted);

  void update_rate(double records_per_second);
  void stop();

private:
  std::shared_ptr<const clock> time_;
  std::mutex mutex_;
  std::condition_variable stopped_changed_;
  token_bucket bucket_;
  bool stopped_ = false;
};

} // namespace millrace::actors
