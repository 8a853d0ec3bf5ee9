#pragma once

#include "millrace/base/clock.hpp"
#include "millrace/engine/batch_driver.hpp"
#include "millrace/engine/job.hpp"
#include "millrace/engine/local/event_queue.hpp"
#include "millrace/engine/local/local_receiver.hpp"
#include "millrace/engine/output_queue.hpp"
#include "millrace/engine/stage_partition.hpp"
#include "millrace/engine/stop_sequence.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace millrace {

/// A whole job in one thread, with a clock that is moved by hand: the parts of the engine, and the
/// carrying out of their effects. At once, that is the inline runtime; as events of a queue, in an
/// order drawn from a seed, it is the simulated one.
///
/// Everything, user code included, runs in the calls of the thread that moves the clock; only
/// `stopped` may be asked from elsewhere.
class local_job final : public job_outlet, public batch_effects, public output_effects {
public:
  /// Makes everything and starts nothing. `pick`: as event_queue's.
  local_job(job what, std::shared_ptr<manual_clock> time, event_queue::choice pick);
  ~local_job() override;

  /// Apart from the constructor, so that user code which runs here can stop the job.
  void begin();

  /// Moves the clock, block interval by block interval, and lets everything happen that this makes
  /// due.
  void advance(batch_time to);

  void stop(stop_mode mode);
  bool stopped() const noexcept { return stopped_; }

  /// Whether a call of this class is under way, so that the caller is user code.
  bool inside() const noexcept { return inside_; }

  void update_rate(stream_id stream, double records_per_second);
  std::optional<std::int64_t> rate_limit(stream_id stream) const;

private:
  class partition;
  struct inside_scope;

  bool listened_to() const override;
  void post(event e) override;
  void end_job(const error& why, stop_mode how) override;

  void pull(batch_time time, std::shared_ptr<const job_input_limits> limits) override;
  void run(source_input what) override;
  void room_available(stream_id stream) override;
  void go_on_later() override;
  void drained() override { drained_ = true; }

  void run(output_id output, input_gate::ready input) override;
  void done(batch_time time, std::vector<output_info> outputs,
            std::optional<batch_failure> failure) override;

  void make_receivers(const std::shared_ptr<manual_clock>& time);
  void make_partitions();
  void deliver(const partition& from, const stage_edge& edge, std::uint32_t target, batch_time time,
               std::uint32_t slot, slot_delivery what);
  std::uint32_t new_place() { return places_++; }
  bool goes_on() const noexcept { return stop_wanted_ != stop_mode::immediate; }
  void run_all();
  void run_some();
  void run_ingest();
  void take_in();
  void tick(batch_time now);
  void finish();
  void finish_lives();
  bool carry_out(stop_phase phase);

  job job_;
  manual_clock& clock_;
  event_queue::choice pick_;
  event_queue events_;
  hash_seed seed_;
  job_plan plan_;
  batch_schedule schedule_;
  block_store store_;
  std::shared_ptr<parallel_executor> executor_ = make_sequential_executor();
  std::uint32_t places_ = 0;
  const std::uint32_t driver_at_ = new_place();
  const std::uint32_t inputs_at_ = new_place();
  const std::uint32_t sink_at_ = new_place();
  const std::uint32_t outputs_at_ = new_place();
  batch_driver driver_;
  std::shared_ptr<output_runner> output_runner_;
  output_queue outputs_;
  /// By head of a chain; none for stages that follow one.
  std::vector<std::vector<std::unique_ptr<partition>>> partitions_;
  std::vector<std::unique_ptr<local_receiver>> receivers_;
  std::uint32_t first_ingest_place_ = 0;
  std::uint32_t end_of_ingest_places_ = 0;
  std::atomic<bool> stopped_ = false;
  bool drained_ = false;
  bool inside_ = false;
  std::optional<stop_mode> stop_wanted_;
};

} // namespace millrace
