#include "millrace/actors/control/block_tracker.hpp"

#include "millrace/actors/control/job_environment.hpp"
#include "millrace/actors/shutdown/completion.hpp"
#include "millrace/actors/system/own_thread.hpp"
#include "millrace/engine/batch_assembler.hpp"

#include <set>

namespace millrace::actors {

namespace {

struct tracker_state {
  static inline const char* name = "block_tracker";
  environment_ptr env;
  std::optional<batch_assembler> assembler;
  std::set<stream_id> stalled;
  bool pulling = false;
  std::shared_ptr<completion> drained;
};

using self_ptr = block_tracker_actor::stateful_pointer<tracker_state>;

std::size_t max_batches(const configuration& conf) {
  return static_cast<std::size_t>(conf.integer("stream.batches_in_flight") +
                                  conf.integer("stream.batches_waiting"));
}

void hand_on(self_ptr self, batch_time time, result<allocated_batch_ptr> allocated) {
  auto& s = self->state;
  batch_ready ready;
  if (allocated) {
    ready.batch = std::move(*allocated);
  } else {
    auto failed = std::make_shared<allocated_batch>();
    failed->time = time;
    failed->failure = std::make_shared<const error>(std::move(allocated).error());
    ready.batch = std::move(failed);
  }
  tell(*s.env, self, s.env->wiring.coordinator, std::move(ready));
}

/// Sources that may block are asked on the input thread, one batch at a time.
void pull_elsewhere(self_ptr self, batch_time time) {
  auto& s = self->state;
  s.pulling = true;
  s.env->input_thread->submit(
      [env = s.env, time, pulls = s.assembler->pulls(), me = block_tracker_actor{self}] {
        auto from = std::make_shared<result<pulled_inputs>>(pulls->pull(time));
        tell_after_task(*env, me, inputs_pulled{time, std::move(from)});
      });
}

void pump(self_ptr self) {
  auto& s = self->state;
  if (s.env->input_thread) {
    if (!s.pulling)
      if (auto time = s.assembler->take_due())
        pull_elsewhere(self, *time);
  } else {
    // A pull source is user code: a stop() in it must not wait for this thread.
    own_thread_mark mark{s.env->owner};
    while (auto next = s.assembler->next())
      hand_on(self, s.assembler->last(), std::move(*next));
  }
  if (s.drained && s.assembler->batches() == 0 && s.assembler->held_ticks() == 0)
    s.drained->complete();
}

void on_pulled(self_ptr self, const inputs_pulled& m) {
  auto& s = self->state;
  s.pulling = false;
  if (*m.from)
    hand_on(self, m.time, s.assembler->allocate(m.time, std::move(**m.from)));
  else
    hand_on(self, m.time, tl::unexpected{std::move(*m.from).error()});
  pump(self);
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

/// Its records will be in no batch: what was promised is broken, and the rest is still processed.
void lose(self_ptr self, block_id id, const error& why) {
  auto& env = *self->state.env;
  error e{why.code, to_string(id) + " is lost: " + why.message};
  env.log.named("block_tracker").error(e.message);
  env.what.report_error(e);
  env.request_stop(stop_mode::graceful);
}

void on_stored(self_ptr self, const block_meta& block) {
  auto& s = self->state;
  s.env->what.metrics->add("records_received_total", std::to_string(block.id.stream.value()),
                           block.records);
  if (auto ok = s.assembler->stored(block); !ok)
    lose(self, block.id, ok.error());
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
      [self](const inputs_pulled& m) { on_pulled(self, m); },
      [self](const drain& end) { on_drain(self, end); },
  };
}

} // namespace

block_tracker_actor spawn_block_tracker(caf::actor_system& system, environment_ptr env) {
  return system.spawn(behave, std::move(env));
}

} // namespace millrace::actors
