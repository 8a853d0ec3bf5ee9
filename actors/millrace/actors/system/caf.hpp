#pragma once

// CAF 0.17.6 wants these before its own headers with newer compilers.
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/all.hpp>

/// The one door to CAF: actors use send, monitor, schedule and spawn through what is here, which is
/// also the subset that a port to CAF 1.x needs.

/// Marks a message struct as one that stays inside the process: it travels by pointer and is never
/// serialised.
#define MILLRACE_LOCAL_MESSAGE(type) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(type)

namespace millrace::actors {

/// What the process-wide scheduler is set to; see actors/README.md for the measurements behind the
/// defaults.
struct scheduler_options {
  std::string policy = "sharing";
  /// Threads for coordination only; user code never runs on them. 0: chosen.
  std::size_t threads = 0;
  std::size_t max_throughput = 10;
};

/// An actor system with its configuration, set up as Millrace needs it; destroys them in order.
class caf_system {
public:
  explicit caf_system(const scheduler_options& options);
  caf_system(const caf_system&) = delete;
  caf_system& operator=(const caf_system&) = delete;
  ~caf_system();

  caf::actor_system& get() noexcept { return *system_; }

  /// Destroys the system; all actors must have ended and no handle must be left.
  void close();

  /// Gives up destroying the system, because actors did not stop: its destructor would wait for
  /// them for ever.
  void leak() noexcept;

private:
  std::unique_ptr<caf::actor_system_config> config_;
  std::unique_ptr<caf::actor_system> system_;
};

/// CAF notes the actor system in every thread that makes one or spawns, and the system's destructor
/// waits, for ever if need be, until no other thread has it noted: a thread forgets it with this.
inline void forget_system_of_thread() { caf::logger::set_current_actor_system(nullptr); }

/// Replaces CAF's default handlers, which print whole messages to standard output: unexpected
/// messages are dropped, errors and exceptions end the actor with the text in its exit reason.
template <class Self>
void init_actor(Self* self) {
  self->set_default_handler(
      [](caf::scheduled_actor*, caf::message_view&) -> caf::result<caf::message> {
        return caf::make_error(caf::sec::unexpected_message);
      });
  self->set_error_handler([](caf::scheduled_actor* me, caf::error& e) { me->quit(std::move(e)); });
  self->set_exception_handler([](caf::scheduled_actor*, std::exception_ptr& x) -> caf::error {
    try {
      std::rethrow_exception(x);
    } catch (const std::exception& e) {
      return caf::make_error(caf::sec::runtime_error, std::string{e.what()});
    } catch (...) {
      return caf::make_error(caf::sec::runtime_error, std::string{"unknown exception"});
    }
  });
}

/// Ends an actor now, ahead of what waits in its mailbox (send_exit would queue behind it).
inline void stop_now(const caf::strong_actor_ptr& target) {
  if (target)
    caf::anon_send<caf::message_priority::high>(
        caf::actor_cast<caf::actor>(target),
        caf::exit_msg{target->address(), caf::exit_reason::user_shutdown});
}

} // namespace millrace::actors
