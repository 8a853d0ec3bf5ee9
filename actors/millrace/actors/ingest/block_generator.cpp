#include "millrace/actors/ingest/block_generator.hpp"

#include "millrace/actors/control/job_environment.hpp"
#include "millrace/actors/shutdown/completion.hpp"
#include "millrace/block/block_builder.hpp"
#include "millrace/intake/intake.hpp"

namespace millrace::actors {

namespace {

struct generator_state {
  static inline const char* name = "block_generator";
  environment_ptr env;
  stream_id stream;
  std::shared_ptr<intake> from;
  std::optional<block_cut_policy> cut;
  std::shared_ptr<std::atomic<bool>> notified;
  block_ptr pending;
  bool stalled = false; ///< The tracker has been asked to tell of room.
  std::uint64_t next_block = 0;
  std::vector<std::shared_ptr<completion>> finishing;
};

using self_ptr = block_generator_actor::stateful_pointer<generator_state>;

/// Moves what is ready into the store; asks to be told of room when it is full.
void move_blocks(self_ptr self) {
  auto& s = self->state;
  auto& env = *s.env;
  for (;;) {
    if (!s.pending)
      s.pending = s.from->pop();
    if (!s.pending)
      break;
    block_id id{s.stream, s.next_block};
    block_meta meta{id, s.pending->records(), s.pending->bytes()};
    if (!env.store.try_put(id, s.pending)) {
      if (!std::exchange(s.stalled, true))
        tell(env, self, env.wiring.tracker, store_full{s.stream});
      return;
    }
    s.pending.reset();
    ++s.next_block;
    tell(env, self, env.wiring.tracker, block_stored{meta});
  }
  for (auto& done : std::exchange(s.finishing, {}))
    done->complete();
}

void tick(self_ptr self) {
  auto& s = self->state;
  auto now = s.env->steady_now();
  // While a block waits for room, what comes in collects in the intake, up to its bound.
  if (s.cut->due(now) && !s.pending)
    s.from->cut();
  move_blocks(self);
  s.env->messages.fetch_add(1, std::memory_order_relaxed);
  self->scheduled_send(self, s.cut->deadline(), block_tick{});
}

/// A tick by hand: cuts whatever the interval, and schedules nothing.
void move_now(self_ptr self, completion& moved) {
  auto& s = self->state;
  if (!s.pending)
    s.from->cut();
  move_blocks(self);
  moved.complete();
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

block_generator_actor::behavior_type behave(self_ptr self, environment_ptr env, stream_id stream,
                                            std::shared_ptr<intake> from,
                                            std::shared_ptr<std::atomic<bool>> notified) {
  init_actor(self);
  auto& s = self->state;
  s.stream = stream;
  s.from = std::move(from);
  s.notified = std::move(notified);
  s.cut.emplace(env->what.conf.get_duration("stream.block_interval"), env->started_steady,
                env->started_steady);
  s.env = std::move(env);
  if (!s.env->manual_time)
    tick(self);
  return {
      [self](const block_tick& m) { m.moved ? move_now(self, *m.moved) : tick(self); },
      [self](const intake_ready&) {
        self->state.notified->store(false);
        move_blocks(self);
      },
      [self](const room_available&) {
        self->state.stalled = false;
        move_blocks(self);
      },
      [self](const finish_phase& end) {
        self->state.from->cut();
        self->state.finishing.push_back(end.done);
        move_blocks(self);
      },
  };
}

} // namespace

block_generator_actor spawn_block_generator(caf::actor_system& system, environment_ptr env,
                                            stream_id stream, std::shared_ptr<intake> from,
                                            receiver_permits permits) {
  auto notified = std::make_shared<std::atomic<bool>>(false);
  auto made = system.spawn(behave, env, stream, from, notified);
  from->connect({std::move(permits), waker(std::move(env), std::move(notified), made)});
  return made;
}

} // namespace millrace::actors
