#pragma once

#include "millrace/block/block.hpp"
#include "millrace/engine/block_pump.hpp"
#include "millrace/engine/local/event_queue.hpp"
#include "millrace/engine/receiver_life_cycle.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace millrace {

/// A receiver of a job that runs in one thread, which is also the one that moves the clock: its
/// life cycle, its block pump, and what a runtime does for both.
///
/// Other threads may store, and ask things of the host; these are noted until the next `poll`.
class local_receiver final : public receiver_effects, public pump_effects {
public:
  /// The numbers by which this receiver's parts are known to the event queue.
  struct places {
    std::uint32_t life_cycle;
    std::uint32_t life;
    std::uint32_t pump;
    std::uint32_t driver;
  };

  /// Where the block pump's news go.
  struct driver_door {
    std::function<void(const block_meta&)> stored;
    std::function<void(stream_id)> store_full;
  };

  /// Blocks that may wait for the next poll. Many, because on_stop waits for the receiver's threads
  /// on the thread that polls.
  static constexpr std::size_t max_ready_blocks = 10'000;

  /// All that is given by reference must outlive the receiver.
  local_receiver(receiver_parts_ptr parts, const job_settings& settings, std::uint64_t seed,
                 block_store& store, std::shared_ptr<const clock> time, job_outlet& outlet,
                 event_queue& events, places at, driver_door driver);

  stream_id stream() const noexcept { return parts_->name.stream; }
  std::uint32_t pump_at() const noexcept { return at_.pump; }
  intake_pacer& pacer() const noexcept { return *parts_->pacer; }

  void start() { life_cycle_.start(); }

  /// The clock has moved: what was asked for is taken up, and restarts that are due.
  void poll();

  /// Cuts what has been stored into blocks, and stores those that are within the rate. At a full
  /// store blocks stay with the intake.
  void cut();

  void room_available() { pump_.room_available(); }
  void finish_life() { life_cycle_.finish(); }
  void stop_intake();
  void finish_blocks();
  bool has_ended() const noexcept { return life_finished_; }
  bool is_empty() const noexcept { return blocks_finished_; }

private:
  struct rate_gate;
  struct mailbox;

  void begin_life() override;
  void end_life() override;
  void restart_at(std::chrono::steady_clock::time_point) override {}
  void life_finished() override { life_finished_ = true; }
  void stored(const block_meta& block) override;
  void store_full(stream_id stream) override;
  void blocks_finished() override { blocks_finished_ = true; }

  void connect();
  void on_start();
  void on_stop();
  void end_with(std::optional<std::string> failure);
  std::optional<std::string> stop_user();
  std::optional<ready_block> next_block();
  void take_blocks();

  receiver_parts_ptr parts_;
  std::shared_ptr<const clock> time_;
  job_outlet& outlet_;
  event_queue& events_;
  places at_;
  driver_door driver_;
  std::shared_ptr<rate_gate> rate_;
  std::shared_ptr<mailbox> asked_;
  receiver_life_cycle life_cycle_;
  block_pump pump_;
  bool running_ = false; ///< Between on_start and on_stop.
  bool ending_ = false;  ///< The rate holds nobody up any more.
  bool life_finished_ = false;
  bool blocks_finished_ = false;
  /// Blocks that the store has not taken yet, and when they are within the rate.
  std::deque<std::pair<ready_block, std::chrono::steady_clock::time_point>> waiting_;
};

} // namespace millrace
