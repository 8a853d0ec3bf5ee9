#pragma once

#include "millrace/actors/system/actor_runtime.hpp"
#include "support/engine.hpp"
#include "support/seed.hpp"

#include <vector>

#include <doctest/doctest.h>

namespace millrace::test {

/// The actors, with a clock moved by hand.
class actor_engine final : public engine {
public:
  std::string_view name() const override { return "actors"; }

  std::unique_ptr<basic_stream_context> make_context(configuration conf,
                                                     duration batch_interval) override {
    auto made = std::make_unique<actors::actor_runtime>(
        actors::actor_runtime_options{std::make_shared<manual_clock>(), nullptr});
    runtime_ = made.get();
    conf.set("stop.handle_signals", false);
    auto context =
        std::make_unique<basic_stream_context>(std::move(conf), batch_interval, std::move(made));
    context->set_log(std::make_shared<memory_log>());
    return context;
  }

  runtime& its_runtime() override { return *runtime_; }
  void advance(duration by) override { runtime_->advance(by); }

private:
  actors::actor_runtime* runtime_ = nullptr;
};

inline std::unique_ptr<engine> make_actor_engine() { return std::make_unique<actor_engine>(); }

/// Every runtime that a suite of this room runs on.
inline std::vector<engine_factory> all_engines() {
  return {make_inline_engine, [] { return make_simulated_engine(seed()); }, make_actor_engine};
}

/// Runs `body(engine)` once for each runtime, with a fresh engine.
template <class Body>
void on_all_engines(Body body) {
  for (auto& make : all_engines()) {
    auto on = make();
    CAPTURE(on->name());
    body(*on);
  }
}

} // namespace millrace::test
