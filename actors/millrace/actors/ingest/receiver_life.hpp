#pragma once

#include "millrace/actors/compute/serial_thread.hpp"
#include "millrace/actors/protocol/messages.hpp"
#include "millrace/intake/receiver.hpp"

#include <functional>
#include <memory>
#include <stop_token>

namespace millrace::actors {

/// One life of a receiver, from on_start to on_stop, with the threads that run its code: one for
/// on_start and on_stop, and one for each body given to `run`. No user code runs on a scheduler
/// thread.
///
/// Thread-safe. `end` asks the bodies to stop, calls on_stop if on_start was called, joins the
/// bodies, and then notifies `stopped`. When user code does not return, nothing is notified; a life
/// that is destroyed before `stopped` leaves its threads to themselves, with what they use. The
/// supervisor's owner has the deadline.
class receiver_life {
public:
  using notify = std::function<void(receiver_event::kind, std::string message)>;

  receiver_life(std::shared_ptr<receiver_base> user, notify tell, const void* owner);
  ~receiver_life();

  void begin();
  void end();
  /// After `stopped`: waits for the last thread, which has nothing left to do but to return.
  void join();
  void run(std::function<void(std::stop_token)> body);

private:
  struct shared;
  std::shared_ptr<shared> shared_;
  serial_thread control_;
};

} // namespace millrace::actors
