#include "millrace/actors/control/block_tracker.hpp"

#include "millrace/actors/system/own_thread.hpp"
#include "millrace/control/batch_assembler.hpp"

#include <set>

namespace millrace::actors {

namespace {

struct tracker_state {
  static inline const char* name = "block_tracker";
  environment_ptr env;
  std::optional<batch_assembler> assembler;
  std::set<stream_id> stalled;
  std::shared_ptr<completion> drained;
};

using self_ptr = block_tracker_actor::stateful_pointer<tracker_state>;

std::size_t max_batches(const configuration& conf) {
  return static_cast<std::size_t>(conf.integer("stream.batches_in_flight") +
                                  conf.integer("stream.batches_waiting"));
}

void pump(self_ptr self) {
  auto& s = self->state;
  // A pull source is user code: a stop() in it must not wait for this thread.
  own_thread_mark mark{s.env->owner};
  while (auto next = s.assembler->next()) {
    batch_ready ready;
    if (*next) {
      ready.batch = std::move(**next);
    } else {
      auto failed = std::make_shared<allocated_batch>();
      failed->time = s.assembler->last();
      failed->failure = std::make_shared<const error>(next->error());
      ready.batch = std::move(failed);
    }
    tell(*s.env, self, s.env->wiring.coordinator, std::move(ready));
  }
  if (s.drained && s.assembler->batches() == 0 && s.assembler->held_ticks() == 0)
    s.drained->complete();
}

void tell_stalled(self_ptr self) {
  auto& s = self->state;
  for (auto stream : std::exchange(s.stalled, {}))
    tell(*s.env, self, s.env->wiring.generators.at(stream), room_available{});
}

void show_store(self_ptr self) {
  auto& env = *self->state.env;
  env.what.metrics->set("block_store_bytes", "", static_cast<double>(env.store.bytes()));
}

void on_stored(self_ptr self, const block_meta& block) {
  auto& s = self->state;
  s.env->what.metrics->add("records_received_total", std::to_string(block.id.stream.value()),
                           block.records);
  if (auto ok = s.assembler->stored(block); !ok)
    s.env->log.named("block_tracker")
        .error(to_string(block.id) + " is lost: " + ok.error().message);
  show_store(self);
}

/// One more tick takes what is still unallocated; the job is drained when no batch is open any
/// more.
void on_drain(self_ptr self, const drain& end) {
  auto& s = self->state;
  if (s.assembler->has_unallocated())
    s.assembler->due(end.last_tick, end.last_tick, end.period);
  s.drained = end.done;
  pump(self);
}

block_tracker_actor::behavior_type behave(self_ptr self, environment_ptr env) {
  init_actor(self);
  self->state.assembler.emplace(*env->what.graph, env->store, max_batches(env->what.conf));
  self->state.env = std::move(env);
  return {
      [self](const batch_due& tick) {
        self->state.assembler->due(tick.first, tick.through, tick.period);
        pump(self);
      },
      [self](const block_stored& m) { on_stored(self, m.block); },
      [self](const store_full& m) { self->state.stalled.insert(m.stream); },
      [self](const batch_done& m) {
        self->state.assembler->done(m.time);
        show_store(self);
        tell_stalled(self);
        pump(self);
      },
      [self](const drain& end) { on_drain(self, end); },
  };
}

} // namespace

block_tracker_actor spawn_block_tracker(caf::actor_system& system, environment_ptr env) {
  return system.spawn(behave, std::move(env));
}

} // namespace millrace::actors
