#pragma once

#include "millrace/actors/fwd.hpp"
#include "millrace/actors/protocol/actors.hpp"

namespace millrace::actors {

/// Announces the points of the batch grid to the driver; its arithmetic is batch_schedule's.
batch_clock_actor spawn_batch_clock(caf::actor_system& system, environment_ptr env,
                                    job_driver_actor driver);

} // namespace millrace::actors
