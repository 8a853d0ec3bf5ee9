#include "millrace/actors/system/message_turn.hpp"

#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

namespace millrace::actors {

void message_turn::exec_later(caf::resumable* ready) {
  if (count_ == most_actors)
    system().scheduler().enqueue(ready);
  else
    ready_[count_++] = ready;
}

void message_turn::run() {
  for (std::size_t i = 0; i < count_; ++i) {
    caf::resumable* const actor = ready_[i];
    if (actor->resume(this, most_messages) == caf::resumable::resume_later)
      system().scheduler().enqueue(actor);
    else
      caf::intrusive_ptr_release(actor);
  }
}

} // namespace millrace::actors
