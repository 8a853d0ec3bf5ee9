#pragma once

#include "millrace/actors/fwd.hpp"
#include "millrace/actors/protocol/actors.hpp"

namespace millrace::actors {

/// Announces the points of the batch grid to the driver. Paced by the steady clock; which points
/// those are, and what is said of time, batch_pacer decides.
batch_clock_actor spawn_batch_clock(caf::actor_system& system, environment_ptr env,
                                    job_driver_actor driver);

} // namespace millrace::actors
