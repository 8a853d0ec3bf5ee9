#include "millrace/actors/ingest/block_generator.hpp"

#include "millrace/actors/control/job_environment.hpp"
#include "millrace/actors/ingest/callback_thread.hpp"
#include "millrace/actors/ingest/hosted_receiver.hpp"
#include "millrace/actors/shutdown/completion.hpp"
#include "millrace/engine/block_pump.hpp"
#include "millrace/intake/intake.hpp"
#include "millrace/intake/intake_pacer.hpp"

namespace millrace::actors {

namespace {

struct generator_state : pump_effects {
  static inline const char* name = "block_generator";

  block_generator_actor::stateful_pointer<generator_state> self = nullptr;
  environment_ptr env;
  job_driver_actor driver;
  std::shared_ptr<intake> from;
  std::shared_ptr<callback_thread> callbacks;
  std::optional<block_pump> core;
  std::shared_ptr<std::atomic<bool>> notified;
  std::vector<std::shared_ptr<completion>> finishing;

  void stored(const block_meta& block) override { tell(*env, self, driver, block_stored{block}); }

  void store_full(stream_id stream) override {
    note_full_store(env->outlet, stream);
    tell(*env, self, driver, actors::store_full{stream});
  }

  void blocks_finished() override {
    callbacks->after_all([all = std::exchange(finishing, {})] {
      for (auto& done : all)
        done->complete();
    });
  }
};

using self_ptr = block_generator_actor::stateful_pointer<generator_state>;

void arm(self_ptr self) {
  auto& s = self->state;
  s.env->messages.fetch_add(1, std::memory_order_relaxed);
  self->scheduled_send(self, s.core->deadline(), block_tick{});
}

/// A tick of the timer; or by hand, and then it cuts whatever the time and arms nothing.
void on_tick(self_ptr self, const block_tick& tick) {
  auto& s = self->state;
  if (tick.moved) {
    s.core->cut_now();
    tick.moved->complete();
    return;
  }
  s.core->tick(s.env->steady_now());
  arm(self);
}

/// Called on receiver threads; at most one intake_ready is under way.
std::function<void()> waker(environment_ptr env, std::shared_ptr<std::atomic<bool>> notified,
                            const block_generator_actor& generator) {
  return [env = std::move(env), notified = std::move(notified),
          address = caf::actor_cast<caf::actor_addr>(generator)] {
    if (notified->exchange(true))
      return;
    if (auto to = caf::actor_cast<block_generator_actor>(address))
      tell_from_thread(*env, to, intake_ready{});
  };
}

/// The intake is part of what it is given, and so cannot own it.
std::function<void()> caller_back(const hosted_receiver& receiver) {
  return [callbacks = receiver.callbacks, from = std::weak_ptr{receiver.parts->into}] {
    callbacks->submit([from] {
      if (auto into = from.lock())
        into->run_callbacks();
    });
  };
}

block_generator_actor::behavior_type behave(self_ptr self, environment_ptr env,
                                            job_driver_actor driver,
                                            const hosted_receiver& receiver,
                                            std::shared_ptr<std::atomic<bool>> notified) {
  init_actor(self);
  auto& s = self->state;
  s.self = self;
  s.from = receiver.parts->into;
  s.callbacks = receiver.callbacks;
  s.core.emplace(
      receiver.parts->first_block, *s.from, [from = s.from.get()] { return from->pop(); },
      env->store, env->what.settings.block_interval, env->started_steady, s);
  s.notified = std::move(notified);
  s.driver = std::move(driver);
  s.env = std::move(env);
  if (!s.env->manual_time)
    arm(self);
  return {
      [self](const block_tick& m) { on_tick(self, m); },
      [self](const intake_ready&) {
        self->state.notified->store(false);
        self->state.core->move_blocks();
      },
      [self](const room_available&) { self->state.core->room_available(); },
      [self](const finish_phase& end) {
        self->state.finishing.push_back(end.done);
        self->state.core->finish();
      },
  };
}

} // namespace

block_generator_actor spawn_block_generator(caf::actor_system& system, environment_ptr env,
                                            job_driver_actor driver,
                                            const hosted_receiver& receiver) {
  auto notified = std::make_shared<std::atomic<bool>>(false);
  auto made = system.spawn(behave, env, std::move(driver), receiver, notified);
  intake_link link;
  link.permits = [pacer = receiver.parts->pacer](std::size_t n) { return pacer->permits(n); };
  link.ready = waker(std::move(env), std::move(notified), made);
  link.before_callbacks = [callbacks = receiver.callbacks] { callbacks->begin(); };
  link.call_back = caller_back(receiver);
  receiver.parts->into->connect(std::move(link));
  return made;
}

} // namespace millrace::actors
