#pragma once

#include "millrace/actors/fwd.hpp"
#include "millrace/actors/protocol/actors.hpp"

namespace millrace::actors {

/// The shell of output_queue: outputs run on the output thread, and the driver is told when a batch
/// has had all of them.
sink_writer_actor spawn_sink_writer(caf::actor_system& system, environment_ptr env,
                                    job_driver_actor driver);

} // namespace millrace::actors
