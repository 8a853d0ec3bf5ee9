#pragma once

#include "millrace/actors/control/planes.hpp"
#include "millrace/actors/fwd.hpp"
#include "millrace/actors/ingest/hosted_receiver.hpp"
#include "millrace/base/log.hpp"
#include "millrace/engine/stop_sequence.hpp"

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
  job_planes actors;
  std::vector<hosted_receiver> receivers;
  /// Completed once by every actor of the planes when it ends.
  std::shared_ptr<completion> actors_ended;
};

/// Carries out the steps of a stop_sequence: tells the actors concerned and waits for them.
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
  using step = stop_sequence::step;
  using completion_ptr = std::shared_ptr<completion>;

  /// Whether the step was complete within its limit.
  bool carry_out(const step& what);
  bool wait_for(const char* name, std::size_t parties, const step& what,
                const std::function<void(const completion_ptr&)>& begin);
  bool wait_for_data(const char* name, std::size_t parties, const step& what,
                     const std::function<void(const completion_ptr&)>& begin);
  /// Goes on waiting for what was begun last.
  bool wait(const char* name, const step& what);
  bool stop_receivers(const step& what);
  bool store_blocks(const step& what);
  bool drain_batches(const step& what);
  bool stop_threads(const step& what);
  bool stop_actors(const step& what);
  bool stop_listeners(const step& what);
  bool log_receivers(bool ended);

  shutdown_target target_;
  std::function<bool()> give_up_;
  logger log_;
  std::mutex mutex_;
  std::shared_ptr<completion> waiting_;
};

} // namespace millrace::actors
