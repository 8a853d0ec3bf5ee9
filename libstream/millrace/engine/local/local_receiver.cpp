#include "millrace/engine/local/local_receiver.hpp"

#include "millrace/intake/intake.hpp"
#include "millrace/intake/intake_pacer.hpp"
#include "millrace/intake/thrown_by.hpp"

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace millrace {

/// Makes the threads of a receiver keep to its rate. The thread that moves the clock cannot wait
/// for it, and stores on credit. Shared with the intake, which may outlive the job.
struct local_receiver::rate_gate {
  explicit rate_gate(std::shared_ptr<intake_pacer> p) : pacer{std::move(p)} {}

  bool is_mover() const { return mover.load() == std::this_thread::get_id(); }

  std::size_t permits(std::size_t wanted, const intake& into) const {
    if (!is_mover())
      return pacer->permits(wanted);
    if (into.is_full())
      throw stream_error{
          errc::limit_exceeded,
          "store: " + std::to_string(max_ready_blocks) +
              " blocks wait for the thread that moves the clock, and it is that thread "
              "which stores: store fewer, larger blocks between two moves, or store "
              "from another thread"};
    return pacer->permits_at_once(wanted);
  }

  std::shared_ptr<intake_pacer> pacer;
  std::atomic<std::thread::id> mover{std::this_thread::get_id()};
};

/// What the receiver has asked for since the last poll, from any thread; bounded by request_limit.
struct local_receiver::mailbox {
  std::mutex mutex;
  std::vector<receiver_request> requests;

  void add(receiver_request what) {
    std::lock_guard guard{mutex};
    requests.push_back(std::move(what));
  }

  std::vector<receiver_request> take() {
    std::lock_guard guard{mutex};
    return std::exchange(requests, {});
  }
};

local_receiver::local_receiver(receiver_parts_ptr parts, const job_settings& settings,
                               std::uint64_t seed, block_store& store,
                               std::shared_ptr<const clock> time, job_outlet& outlet,
                               event_queue& events, places at, driver_door driver)
    : parts_{std::move(parts)},
      time_{std::move(time)},
      outlet_{outlet},
      events_{events},
      at_{at},
      driver_{std::move(driver)},
      rate_{std::make_shared<rate_gate>(parts_->pacer)},
      asked_{std::make_shared<mailbox>()},
      life_cycle_{parts_, settings, seed, *time_, outlet, *this},
      pump_{parts_->first_block,
            *parts_->into,
            [this] { return next_block(); },
            store,
            settings.block_interval,
            time_->steady_now(),
            *this} {
  connect();
  requesting_host::routes to;
  to.send = [asked = asked_](receiver_request what) { asked->add(std::move(what)); };
  to.run = [](const std::function<void(std::stop_token)>&) {
    throw stream_error{errc::unsupported,
                       "receiver::run needs the actor runtime; the inline runtime has no threads"};
  };
  parts_->user->attach(stream(),
                       std::make_shared<requesting_host>(
                           parts_->name, parts_->requests, std::move(to),
                           outlet.log().named("receiver_supervisor"), outlet.metrics()),
                       parts_->into);
}

void local_receiver::connect() {
  auto* into = parts_->into.get();
  parts_->into->connect(
      {[r = rate_, into](std::size_t wanted) { return r->permits(wanted, *into); },
       {},
       [r = rate_] { return !r->is_mover(); }});
}

void local_receiver::poll() {
  rate_->mover = std::this_thread::get_id();
  pacer().time_moved();
  for (auto& request : asked_->take())
    life_cycle_.request(request);
  life_cycle_.restart_due();
}

void local_receiver::cut() {
  parts_->into->cut();
  take_blocks();
  pump_.move_blocks();
  parts_->into->run_callbacks();
}

void local_receiver::stop_intake() {
  ending_ = true;
  parts_->into->stop();
}

void local_receiver::finish_blocks() {
  cut();
  pump_.finish();
}

void local_receiver::begin_life() {
  events_.post({at_.life_cycle, at_.life}, [this] { on_start(); });
}

void local_receiver::end_life() {
  events_.post({at_.life_cycle, at_.life}, [this] { on_stop(); });
}

void local_receiver::on_start() {
  parts_->user->set_started(true);
  running_ = true;
  auto thrown = thrown_by([&] { parts_->user->on_start(); });
  if (!thrown) {
    events_.post({at_.life, at_.life_cycle}, [this] { life_cycle_.started(); });
    return;
  }
  // on_stop may wait for threads that wait for permits.
  pacer().stop();
  end_with("on_start threw: " + *thrown);
}

void local_receiver::on_stop() { end_with(std::nullopt); }

void local_receiver::end_with(std::optional<std::string> failure) {
  parts_->user->set_started(false);
  std::optional<std::string> thrown;
  if (std::exchange(running_, false))
    thrown = stop_user();
  // What it has asked for and told until now, on_stop included, comes before the news of its end.
  for (auto& request : asked_->take())
    events_.post({at_.life, at_.life_cycle},
                 [this, request = std::move(request)] { life_cycle_.request(request); });
  if (thrown)
    events_.post({at_.life, at_.life_cycle},
                 [this, text = "on_stop threw: " + *thrown] { life_cycle_.stop_threw(text); });
  events_.post({at_.life, at_.life_cycle},
               [this, failure = std::move(failure)] { life_cycle_.ended(failure); });
}

/// on_stop may join threads that wait for this one to store their blocks. What has room and is
/// within the rate is stored before; the rest of what they wait for is theirs again.
std::optional<std::string> local_receiver::stop_user() {
  // A stop may come from another thread than the last move of the clock.
  rate_->mover = std::this_thread::get_id();
  if (!parts_->into->stopped()) {
    take_blocks();
    pump_.move_blocks();
  }
  parts_->into->end_waits();
  auto thrown = thrown_by([&] { parts_->user->end(); });
  parts_->into->allow_waits();
  return thrown;
}

void local_receiver::stored(const block_meta& block) {
  events_.post({at_.pump, at_.driver}, [this, block] { driver_.stored(block); });
}

void local_receiver::store_full(stream_id stream) {
  note_full_store(outlet_, stream);
  events_.post({at_.pump, at_.driver}, [this, stream] { driver_.store_full(stream); });
}

void local_receiver::take_blocks() {
  const auto due = pacer().paid_at();
  while (waiting_.size() < max_ready_blocks) {
    auto block = parts_->into->pop();
    if (!block)
      return;
    waiting_.emplace_back(std::move(*block), due);
  }
}

std::optional<ready_block> local_receiver::next_block() {
  if (waiting_.empty())
    take_blocks();
  if (waiting_.empty() || (!ending_ && waiting_.front().second > time_->steady_now()))
    return std::nullopt;
  auto next = std::move(waiting_.front().first);
  waiting_.pop_front();
  return next;
}

} // namespace millrace
