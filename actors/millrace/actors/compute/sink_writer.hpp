#pragma once

#include "millrace/actors/fwd.hpp"
#include "millrace/actors/protocol/actors.hpp"

namespace millrace::actors {

/// Runs the outputs of each batch on the output thread, in the order of registration and of
/// batches, one at a time; tells the coordinator when a batch has had all of them. Its brains are
/// input_gate and output_runner.
sink_writer_actor spawn_sink_writer(caf::actor_system& system, environment_ptr env);

} // namespace millrace::actors
