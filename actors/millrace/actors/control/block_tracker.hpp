#pragma once

#include "millrace/actors/fwd.hpp"
#include "millrace/actors/protocol/actors.hpp"

namespace millrace::actors {

/// The shell of batch_assembler: turns ticks and stored blocks into batches for the coordinator.
block_tracker_actor spawn_block_tracker(caf::actor_system& system, environment_ptr env);

} // namespace millrace::actors
