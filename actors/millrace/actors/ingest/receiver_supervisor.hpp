#pragma once

#include "millrace/actors/fwd.hpp"
#include "millrace/actors/ingest/hosted_receiver.hpp"
#include "millrace/actors/protocol/actors.hpp"

namespace millrace::actors {

/// Keeps a receiver running: receiver_life_cycle decides, this shell starts and monitors the
/// receiver actors of one life each.
receiver_supervisor_actor spawn_receiver_supervisor(caf::actor_system& system, environment_ptr env,
                                                    hosted_receiver receiver);

} // namespace millrace::actors
