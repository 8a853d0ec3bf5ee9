#pragma once

#include "millrace/actors/system/caf_fwd.hpp"

#include <cstddef>
#include <memory>
#include <string>

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

/// The door to CAF: actors use send, monitor, schedule and spawn through what is here, which is
/// also the subset that a port to CAF 1.x needs. It includes only what shells need, as every shell
/// pays for it when it is compiled.

/// Marks a message struct as one that stays inside the process: it travels by pointer and is never
/// serialised.
///
/// CAF makes some 100 functions of every message, which each unit that sends it would compile anew.
/// They are compiled once, where MILLRACE_MESSAGE_CODE names the message. For that all of them have
/// to compile, and one, which nothing calls, does not as CAF defines it.
#define MILLRACE_LOCAL_MESSAGE(type)                                                               \
  CAF_ALLOW_UNSAFE_MESSAGE_TYPE(type)                                                              \
  template <>                                                                                      \
  inline void caf::mailbox_element_vals<type>::dispose() noexcept {}                               \
  MILLRACE_MESSAGE_TEMPLATES(extern template, type)

#define MILLRACE_MESSAGE_CODE(type) MILLRACE_MESSAGE_TEMPLATES(template, type)

#define MILLRACE_MESSAGE_TEMPLATES(keyword, type)                                                  \
  keyword class caf::mailbox_element_vals<type>;                                                   \
  keyword class caf::detail::tuple_vals<type>;                                                     \
  keyword class caf::detail::tuple_vals_impl<caf::detail::message_data, type>;                     \
  keyword class caf::detail::tuple_vals_impl<caf::type_erased_tuple, type>;                        \
  keyword class caf::detail::type_erased_value_impl<type>;

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
void forget_system_of_thread();

/// Replaces CAF's default handlers, which print whole messages to standard output: unexpected
/// messages are dropped, errors and exceptions end the actor with the text in its exit reason.
void init_actor(caf::scheduled_actor* self);

/// Ends an actor now, ahead of what waits in its mailbox (send_exit would queue behind it).
void stop_now(const caf::strong_actor_ptr& target);

} // namespace millrace::actors
