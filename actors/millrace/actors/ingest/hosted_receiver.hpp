#pragma once

#include "millrace/actors/fwd.hpp"
#include "millrace/actors/protocol/actors.hpp"
#include "millrace/engine/receiver_parts.hpp"

#include <memory>
#include <mutex>

namespace millrace::actors {

/// The life that `receiver_base::run` goes to; set while there is one, by its owner.
struct life_slot {
  std::mutex mutex;
  receiver_life* life = nullptr;
};

/// A receiver and its present life; shared by its supervisor, its receiver actor, its block
/// generator and the shutdown.
struct hosted_receiver {
  receiver_parts_ptr parts;
  std::shared_ptr<callback_thread> callbacks;
  std::shared_ptr<life_slot> slot = std::make_shared<life_slot>();
};

/// Forwards what a receiver asks of its host to its supervisor, and bodies to run to its life.
std::shared_ptr<receiver_host> make_receiver_host(environment_ptr env,
                                                  const hosted_receiver& receiver,
                                                  const receiver_supervisor_actor& supervisor);

} // namespace millrace::actors
