#pragma once

#include "millrace/actors/system/caf.hpp"

#include <array>
#include <cstddef>

namespace millrace::actors {

/// Runs message handlers on a thread that is no worker of CAF's: those of an actor that the thread
/// sends to at the end of a task, and of the actors that these send to. So what follows a task
/// begins at once, where a sleeping worker would have to be woken first.
///
/// At most `most_actors` actors have their turn, each for `most_messages` messages; what is ready
/// beyond that is left to the workers. Lives on the stack of its thread for one turn, which has to
/// end before the actor system does. Handlers must be as short here as on the workers.
class message_turn final : public caf::execution_unit {
public:
  static constexpr std::size_t most_actors = 16;
  static constexpr std::size_t most_messages = 10;

  explicit message_turn(caf::actor_system& system) : execution_unit{&system} {}
  message_turn(const message_turn&) = delete;
  message_turn& operator=(const message_turn&) = delete;

  /// For CAF: `ready`, whose reference count is one up for this, has a message and nobody runs it.
  void exec_later(caf::resumable* ready) override;

  /// Until nothing is ready any more or the bounds are reached. Once.
  void run();

private:
  std::array<caf::resumable*, most_actors> ready_;
  std::size_t count_ = 0;
};

/// Sends from a thread that has nothing else to do now, and runs what that makes ready.
template <class Handle, class Message>
void send_and_run(const Handle& to, Message&& what) {
  static_assert(caf::response_type_unbox<caf::signatures_of_t<Handle>,
                                         caf::detail::type_list<std::decay_t<Message>>>::valid,
                "the actor does not take such a message");
  message_turn turn{to->home_system()};
  to->eq_impl(caf::make_message_id(), nullptr, &turn, std::forward<Message>(what));
  turn.run();
}

} // namespace millrace::actors
