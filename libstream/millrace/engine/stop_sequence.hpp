#pragma once

#include "millrace/engine/job_settings.hpp"
#include "millrace/engine/runtime.hpp"

#include <chrono>
#include <optional>

namespace millrace {

/// What a stop does, one after the other.
enum class stop_phase {
  receivers,           ///< Each receiver's life ends.
  intakes,             ///< From now on no intake takes a record.
  receivers_cut_short, ///< Those that have not ended, now that nothing holds them up in `store`.
  blocks,              ///< What intakes have goes into the block store.
  batches,             ///< A last tick, and every batch that is open or due.
  threads,             ///< Threads that run user code.
  actors,              ///< The parts of the job.
  listeners,           ///< Events on their way.
};

/// The order and the deadlines of a stop. A graceful one processes everything that was received, as
/// far as its time-out allows; an immediate one skips what that waits for, and a graceful one turns
/// into it at any moment.
class stop_sequence {
public:
  struct step {
    stop_phase phase;
    /// None: as long as it takes.
    std::optional<std::chrono::milliseconds> limit;
    /// Whether an immediate stop ends the waiting.
    bool interruptible = false;
  };

  /// `settings` must outlive it.
  stop_sequence(const job_settings& settings, stop_mode mode);

  /// The step to take now; nothing after the last. `ended`: whether the step before was complete
  /// within its limit. `immediate`: whether an immediate stop has been asked for by now.
  std::optional<step> next(bool ended, bool immediate);

  /// Whether every step but those that wait for data was complete: if not, something goes on
  /// running and what it uses must not be destroyed.
  bool clean() const noexcept { return clean_; }

private:
  const job_settings& settings_;
  bool graceful_;
  std::optional<stop_phase> last_;
  bool receivers_ended_ = false;
  bool clean_ = true;
};

} // namespace millrace
