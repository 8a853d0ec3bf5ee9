#pragma once

#include "millrace/actors/fwd.hpp"
#include "millrace/actors/protocol/actors.hpp"

#include <cstdint>

namespace millrace {
struct chain_plan;
}

namespace millrace::actors {

/// The shell of one stage_partition: its tasks run on the compute pool. An input without records is
/// run at once, in the message handler: nothing to compute.
stage_actor spawn_stage(caf::actor_system& system, environment_ptr env, compute_plane_ptr plane,
                        const chain_plan& chain, std::uint32_t partition);

} // namespace millrace::actors
