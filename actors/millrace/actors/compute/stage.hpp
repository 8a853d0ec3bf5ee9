#pragma once

#include "millrace/actors/control/job_environment.hpp"

namespace millrace::actors {

/// The shell of one stage_instance: collects the input of each batch, runs it on the compute pool,
/// in order of batches, and sends the output on. An input without records is run at once, on the
/// coordination thread: nothing to compute.
stage_actor spawn_stage(caf::actor_system& system, environment_ptr env, stage_id stage,
                        std::uint32_t partition);

} // namespace millrace::actors
