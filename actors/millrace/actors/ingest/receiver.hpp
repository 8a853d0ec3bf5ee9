#pragma once

#include "millrace/actors/fwd.hpp"
#include "millrace/actors/ingest/hosted_receiver.hpp"
#include "millrace/actors/protocol/actors.hpp"

namespace millrace::actors {

/// One life of a receiver as an actor: begins at once, forwards `started` to its supervisor, and
/// ends, normally after finish_phase, with the text of the failure otherwise.
receiver_actor spawn_receiver(caf::local_actor* parent, environment_ptr env,
                              hosted_receiver receiver,
                              const receiver_supervisor_actor& supervisor);

} // namespace millrace::actors
