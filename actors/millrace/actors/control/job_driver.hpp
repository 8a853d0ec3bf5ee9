#pragma once

#include "millrace/actors/fwd.hpp"
#include "millrace/actors/protocol/actors.hpp"

namespace millrace::actors {

/// The shell of batch_driver: ticks and stored blocks become batches, which it starts at the source
/// stages and ends when their outputs have run.
job_driver_actor spawn_job_driver(caf::actor_system& system, environment_ptr env);

} // namespace millrace::actors
