#pragma once

#include "millrace/base/clock.hpp"
#include "millrace/engine/batch_assembler.hpp"
#include "millrace/engine/batch_progress.hpp"
#include "millrace/engine/job_outlet.hpp"
#include "millrace/engine/job_settings.hpp"
#include "millrace/engine/pull_inputs.hpp"
#include "millrace/engine/source_inputs.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace millrace {

/// What a runtime does for a batch driver. None of it may fail silently; each is answered by the
/// event named, at once or later.
class batch_effects {
public:
  virtual ~batch_effects() = default;

  /// Ask the pull sources for their part of a batch: `pull_inputs::pull`. ->
  /// batch_driver::inputs_pulled, once
  virtual void pull(batch_time time, std::shared_ptr<const job_input_limits> limits) = 0;

  /// Run a source stage partition. When every output of the batch has run: -> outputs_done, once
  virtual void run(source_input what) = 0;

  /// To a block generator that was told the store is full: blocks have been released.
  virtual void room_available(stream_id stream) = 0;

  /// There is more to do, which may take user code: let others go first. -> go_on
  virtual void go_on_later() = 0;

  /// Everything that was received when `drain` came has been processed.
  virtual void drained() = 0;
};

/// How a job's batches come to be, run and end: ticks and stored blocks in, work for the source
/// stages out. Each batch is allocated, pulled for, admitted, started and finished here, in the
/// order of batch times, by the same steps on every runtime.
///
/// Owned by one thread at a time (the job driver). Bounds: `settings.max_batches()` batches between
/// allocation and end; beyond it ticks stay pending and blocks unallocated.
class batch_driver {
public:
  /// All that is given by reference must outlive the driver.
  batch_driver(const job_plan& plan, const job_settings& settings, batch_time zero,
               block_store& store, const clock& time, job_outlet& outlet, batch_effects& effects);

  /// The batch grid has reached `through`; `first` is the first tick not announced before.
  void due(batch_time first, batch_time through, duration period);

  /// A block is in the store.
  void block_stored(const block_meta& block);

  /// The store has refused a block of this stream: it is to be told of room.
  void store_full(stream_id stream) { stalled_.insert(stream); }

  void inputs_pulled(batch_time time, result<pulled_inputs> from);

  /// Every output of a batch has run, or will not.
  void outputs_done(batch_time time, std::vector<output_info> outputs,
                    std::optional<batch_failure> failure);

  /// The most that each batch from the next one on has of this stream.
  void limit(stream_id stream, const input_limits& to);

  void go_on() { pump(); }

  /// Further ticks from `last_tick` on take what is still unallocated, and then `drained` follows.
  /// When batches that cannot be made keep records from being taken, the job ends with an error
  /// that says how many.
  void drain(batch_time last_tick, duration period);

  const std::shared_ptr<pull_inputs>& pulls() const noexcept { return pulls_; }

  bool has_unallocated() const noexcept { return assembler_.has_unallocated(); }

private:
  void pump();
  void take_batches();
  void add_tick();
  bool tick_for_drain();
  bool goes_nowhere();
  void submit(batch_time time, result<allocated_batch_ptr> allocated);
  std::vector<output_info> planned_outputs(batch_time time) const;
  void start(const allocated_batch& batch);
  void report(const batch_progress::completion& done);
  void tell_delay(const std::string& which, const delay_notice& notice);
  void lose(block_id id, const error& why);
  void show_store();
  void show_backlog();

  const job_plan& plan_;
  batch_time zero_;
  block_store& store_;
  const clock& time_;
  job_outlet& outlet_;
  batch_effects& effects_;
  std::shared_ptr<pull_inputs> pulls_;
  std::shared_ptr<const job_input_limits> limits_;
  batch_assembler assembler_;
  batch_progress progress_;
  std::set<stream_id> stalled_;
  bool pulling_ = false;
  bool taking_ = false;
  /// Of a drain under way: when it ticks next, and what was unallocated at its last tick.
  std::optional<batch_time> next_tick_;
  duration tick_period_;
  std::uint64_t left_at_tick_ = 0;
  int vain_ticks_ = 0;
  /// A batch has failed and the job is stopping: nothing is started any more.
  bool halted_ = false;
};

} // namespace millrace
