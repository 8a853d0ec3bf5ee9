#pragma once

#include "millrace/actors/fwd.hpp"
#include "millrace/actors/protocol/actors.hpp"

namespace millrace::actors {

/// The shell of batch_progress: starts batches at the source stages and tells everybody of their
/// end.
batch_coordinator_actor spawn_batch_coordinator(caf::actor_system& system, environment_ptr env);

} // namespace millrace::actors
