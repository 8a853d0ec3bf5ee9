#pragma once

#include "millrace/actors/fwd.hpp"
#include "millrace/actors/protocol/actors.hpp"
#include "millrace/base/ids.hpp"

#include <cstddef>
#include <functional>
#include <memory>

namespace millrace {
class intake;
}

namespace millrace::actors {

/// As intake_link::permits.
using receiver_permits = std::function<std::size_t(std::size_t wanted)>;

/// Cuts the open block of an intake at each block interval and moves finished blocks, in order and
/// counted from `first` on, into the block store.
///
/// At a full store blocks stay with the intake, whose bound makes the receiver wait; nothing is
/// dropped. The intake is connected when this returns.
block_generator_actor spawn_block_generator(caf::actor_system& system, environment_ptr env,
                                            job_driver_actor driver, block_id first,
                                            std::shared_ptr<intake> from, receiver_permits permits);

} // namespace millrace::actors
