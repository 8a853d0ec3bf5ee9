#pragma once

#include "millrace/actors/system/caf_fwd.hpp"

namespace millrace {
struct receiver_request;
}

/// Who takes what. The messages themselves are in messages.hpp.
namespace millrace::actors {

struct batch_due;
struct block_stored;
struct block_tick;
struct clock_tick;
struct compute_started;
struct drain;
struct exchange_delivery;
struct finish_phase;
struct go_on;
struct ingest_started;
struct inputs_pulled;
struct intake_ready;
struct output_delivery;
struct output_ran;
struct outputs_done;
struct rate_changed;
struct receiver_event;
struct restart_due;
struct room_available;
struct run_batch;
struct stop_ticking;
struct store_full;
struct task_done;

/// Ticks on the aligned grid.
using batch_clock_actor =
    caf::typed_actor<caf::reacts_to<clock_tick>, caf::reacts_to<stop_ticking>>;

/// Makes batches of ticks and received blocks, starts them, and learns of their end.
using job_driver_actor =
    caf::typed_actor<caf::reacts_to<ingest_started>, caf::reacts_to<compute_started>,
                     caf::reacts_to<batch_due>, caf::reacts_to<block_stored>,
                     caf::reacts_to<store_full>, caf::reacts_to<inputs_pulled>,
                     caf::reacts_to<outputs_done>, caf::reacts_to<go_on>, caf::reacts_to<drain>>;

/// One partition of a stage.
using stage_actor = caf::typed_actor<caf::reacts_to<run_batch>, caf::reacts_to<exchange_delivery>,
                                     caf::reacts_to<task_done>>;

/// Runs the output operations in order.
using sink_writer_actor =
    caf::typed_actor<caf::reacts_to<output_delivery>, caf::reacts_to<output_ran>>;

/// Cuts blocks and puts them into the store.
using block_generator_actor =
    caf::typed_actor<caf::reacts_to<block_tick>, caf::reacts_to<intake_ready>,
                     caf::reacts_to<room_available>, caf::reacts_to<finish_phase>>;

/// One life of a user's receiver, from on_start to on_stop.
using receiver_actor =
    caf::typed_actor<caf::reacts_to<receiver_event>, caf::reacts_to<finish_phase>>;

/// Starts a receiver, and again when it fails or asks for it.
using receiver_supervisor_actor =
    caf::typed_actor<caf::reacts_to<receiver_request>, caf::reacts_to<receiver_event>,
                     caf::reacts_to<rate_changed>, caf::reacts_to<restart_due>,
                     caf::reacts_to<finish_phase>>;

} // namespace millrace::actors
