#pragma once

#include "millrace/actors/fwd.hpp"
#include "millrace/actors/protocol/actors.hpp"

namespace millrace::actors {

/// Keeps a receiver running: restart_policy decides, this shell does. Over the intensity limit it
/// escalates: the error is reported and the job stops gracefully, so that what was received is
/// still processed.
receiver_supervisor_actor spawn_receiver_supervisor(caf::actor_system& system, environment_ptr env,
                                                    receiver_parts_ptr parts);

} // namespace millrace::actors
