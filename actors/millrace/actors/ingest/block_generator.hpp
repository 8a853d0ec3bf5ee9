#pragma once

#include "millrace/actors/fwd.hpp"
#include "millrace/actors/protocol/actors.hpp"

namespace millrace::actors {

/// Cuts the open block of an intake at each block interval and moves finished blocks, in order,
/// into the block store.
///
/// At a full store blocks stay with the intake, whose bound makes the receiver wait; nothing is
/// dropped. It has finished when the callbacks of what was stored have returned. The intake is
/// connected when this returns.
block_generator_actor spawn_block_generator(caf::actor_system& system, environment_ptr env,
                                            job_driver_actor driver,
                                            const hosted_receiver& receiver);

} // namespace millrace::actors
