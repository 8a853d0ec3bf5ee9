#pragma once

#include "millrace/actors/fwd.hpp"
#include "millrace/base/log.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace millrace::actors {

/// What a stop works on.
struct shutdown_target {
  environment_ptr env;
  std::vector<receiver_parts_ptr> receivers;
  /// Completed once by every actor of the wiring when it ends.
  std::shared_ptr<completion> actors_ended;
};

/// Stops a job in ordered phases, each with a deadline: receivers, blocks under way, the clock and
/// a last tick, batches, compute and output threads, actors, listeners. An immediate stop skips
/// what a graceful one waits for.
///
/// Runs on one thread that belongs to nobody else. `give_up` turns a graceful stop into an
/// immediate one.
class shutdown {
public:
  shutdown(shutdown_target target, std::function<bool()> give_up);

  /// The wait in progress looks at `give_up` again.
  void wake();

  /// True: everything ended. False: something did not within its deadline, was logged by name, and
  /// is still alive, so the actor system must not be destroyed.
  bool run();

private:
  using phase_limit = std::chrono::milliseconds;

  bool phase(const char* name, std::size_t parties, phase_limit limit,
             const std::function<void(const std::shared_ptr<completion>&)>& begin,
             bool interruptible = true);
  /// Goes on waiting for the phase begun last.
  bool wait(const char* name, phase_limit limit, bool interruptible);
  void stop_receivers(bool graceful);
  void drain_batches();
  bool stop_threads();
  bool stop_actors();

  shutdown_target target_;
  std::function<bool()> give_up_;
  logger log_;
  phase_limit phase_limit_;
  phase_limit graceful_limit_;
  bool all_ended_ = true;
  std::mutex mutex_;
  std::shared_ptr<completion> waiting_;
};

} // namespace millrace::actors
