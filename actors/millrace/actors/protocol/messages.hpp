#pragma once

#include "millrace/actors/fwd.hpp"
#include "millrace/actors/system/caf.hpp"
#include "millrace/base/error.hpp"
#include "millrace/base/ids.hpp"
#include "millrace/base/time.hpp"
#include "millrace/engine/batch_failure.hpp"
#include "millrace/engine/block_ledger.hpp"
#include "millrace/engine/listener.hpp"
#include "millrace/engine/output_runner.hpp"
#include "millrace/engine/receiver_requests.hpp"
#include "millrace/engine/stage_chain.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace millrace {
struct pulled_inputs;
} // namespace millrace

/// Every message of the runtime, one struct each. Inside a process none is lost, and messages
/// between two actors keep their order.
namespace millrace::actors {

// -- control ---

/// A batch clock to itself at each point of the grid; and, with a hand-moved clock, from whoever
/// moved it, who waits for `moved`: what fell due has been announced.
struct clock_tick {
  std::shared_ptr<completion> moved;
};

/// Runtime to job driver, before the first tick: the receivers' actors.
struct ingest_started {
  std::shared_ptr<const ingest_plane> plane;
};

/// Runtime to job driver, before the first tick: where batches run from now on.
struct compute_started {
  std::shared_ptr<const compute_plane> plane;
};

/// Clock to job driver: the grid has reached `through`; `first` is the first tick not announced
/// before.
struct batch_due {
  batch_time first;
  batch_time through;
  duration period;
};

/// Input thread to job driver: what the sources gave that may block. The driver takes it out.
struct inputs_pulled {
  batch_time time;
  std::shared_ptr<result<pulled_inputs>> from;
};

/// Job driver to itself: there is more to do, which others need not wait for.
struct go_on {};

/// Sink writer to job driver: every output of the batch has run, or will not.
struct outputs_done {
  batch_time time;
  std::vector<output_info> outputs;
  std::optional<batch_failure> failure;
};

// -- data ---

/// Job driver to a source stage partition: run this input, or hand on why there is none.
struct run_batch {
  std::shared_ptr<const stage_input> input;
  std::shared_ptr<const error> failure;
};

/// Stage partition to a partition of the next stage: exactly one for each (batch, upstream
/// partition), maybe empty.
struct exchange_delivery {
  batch_time time;
  std::uint32_t slot = 0;
  slot_delivery what;
};

/// Stage partition to sink writer: exactly one for each (output, batch, upstream partition).
struct output_delivery {
  output_id output;
  batch_time time;
  std::uint32_t slot = 0;
  slot_delivery what;
};

/// Compute pool to the stage partition that submitted the task.
struct task_done {
  batch_time time;
  std::shared_ptr<stage_chain::run> result;
};

/// Output thread to sink writer: one output operation has returned.
struct output_ran {
  output_runner::outcome outcome;
};

// -- ingest ---

/// Block generator to itself at each block interval; and, with a hand-moved clock, from whoever
/// moved it, who waits for `moved`: what was received before is in the store, as far as it has
/// room.
struct block_tick {
  std::shared_ptr<completion> moved;
};

/// Receiver thread to block generator: the intake has a block ready. Coalesced, so at most one is
/// under way.
struct intake_ready {};

/// Block generator to job driver: the block is in the store.
struct block_stored {
  block_meta block;
};

/// Block generator to job driver: the store refused a block; answer with room_available after the
/// next release.
struct store_full {
  stream_id stream;
};

/// Job driver to block generator: blocks have been released.
struct room_available {};

/// Receiver thread to receiver: `on_start` has returned, or a thread of the receiver threw, or it
/// has ended, with what `on_stop` threw. `started` and such a message go on to the supervisor.
struct receiver_event {
  enum class kind { started, failed, stopped };
  kind what = kind::started;
  std::string message;
};

/// Whoever watches the rates to a supervisor: how much its receiver may take in from now on, up to
/// its configured maximum.
struct rate_changed {
  double records_per_second = 0;
};

/// Supervisor to itself: the delay before a restart is over; and, with a hand-moved clock, from
/// whoever moved it.
struct restart_due {};

// -- shutdown ---

/// Shutdown to supervisors and generators: finish, then complete `done`. Supervisor to receiver,
/// without `done`: end this life.
struct finish_phase {
  std::shared_ptr<completion> done;
};

/// Shutdown to clock: no tick any more; the job driver is to drain.
struct stop_ticking {
  std::shared_ptr<completion> done;
};

/// Clock to job driver: process what is left, with one last tick at `last_tick` for what is still
/// unallocated, then complete `done`.
struct drain {
  batch_time last_tick;
  duration period;
  std::shared_ptr<completion> done;
};

} // namespace millrace::actors

MILLRACE_LOCAL_MESSAGE(millrace::actors::clock_tick)
MILLRACE_LOCAL_MESSAGE(millrace::actors::ingest_started)
MILLRACE_LOCAL_MESSAGE(millrace::actors::compute_started)
MILLRACE_LOCAL_MESSAGE(millrace::actors::batch_due)
MILLRACE_LOCAL_MESSAGE(millrace::actors::inputs_pulled)
MILLRACE_LOCAL_MESSAGE(millrace::actors::go_on)
MILLRACE_LOCAL_MESSAGE(millrace::actors::outputs_done)
MILLRACE_LOCAL_MESSAGE(millrace::actors::run_batch)
MILLRACE_LOCAL_MESSAGE(millrace::actors::exchange_delivery)
MILLRACE_LOCAL_MESSAGE(millrace::actors::output_delivery)
MILLRACE_LOCAL_MESSAGE(millrace::actors::task_done)
MILLRACE_LOCAL_MESSAGE(millrace::actors::output_ran)
MILLRACE_LOCAL_MESSAGE(millrace::actors::block_tick)
MILLRACE_LOCAL_MESSAGE(millrace::actors::intake_ready)
MILLRACE_LOCAL_MESSAGE(millrace::actors::block_stored)
MILLRACE_LOCAL_MESSAGE(millrace::actors::store_full)
MILLRACE_LOCAL_MESSAGE(millrace::actors::room_available)
MILLRACE_LOCAL_MESSAGE(millrace::receiver_request)
MILLRACE_LOCAL_MESSAGE(millrace::actors::receiver_event)
MILLRACE_LOCAL_MESSAGE(millrace::actors::rate_changed)
MILLRACE_LOCAL_MESSAGE(millrace::actors::restart_due)
MILLRACE_LOCAL_MESSAGE(millrace::actors::finish_phase)
MILLRACE_LOCAL_MESSAGE(millrace::actors::stop_ticking)
MILLRACE_LOCAL_MESSAGE(millrace::actors::drain)
