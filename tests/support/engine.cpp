#include "support/engine.hpp"

#include "millrace/engine/local/inline_runtime.hpp"
#include "millrace/engine/local/simulated_runtime.hpp"

#include <thread>

namespace millrace::test {

namespace {

/// A runtime in one thread.
class local_engine final : public engine {
public:
  local_engine(std::string name, std::function<std::unique_ptr<local_runtime>()> make)
      : name_{std::move(name)}, make_{std::move(make)} {}

  std::string_view name() const override { return name_; }

  std::unique_ptr<basic_stream_context> make_context(configuration conf,
                                                     duration batch_interval) override {
    auto made = make_();
    runtime_ = made.get();
    auto context =
        std::make_unique<basic_stream_context>(std::move(conf), batch_interval, std::move(made));
    context->set_log(std::make_shared<memory_log>());
    return context;
  }

  runtime& its_runtime() override { return *runtime_; }
  void advance(duration by) override { runtime_->advance(by); }

private:
  std::string name_;
  std::function<std::unique_ptr<local_runtime>()> make_;
  local_runtime* runtime_ = nullptr;
};

} // namespace

bool wait_until(const std::function<bool()>& done) {
  auto end = std::chrono::steady_clock::now() + patience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

bool engine::advance_until(duration step, const std::function<bool()>& done) {
  return wait_until([&] {
    advance(step);
    return done();
  });
}

void run_for(engine& on, basic_stream_context& context, std::size_t n, std::size_t wanted,
             const std::function<std::size_t()>& outputs) {
  context.start();
  on.advance(seconds(static_cast<std::int64_t>(n)));
  wait_until([&] { return outputs() >= wanted || context.await_termination_for(duration{0}); });
  context.stop();
  context.await_termination_for(milliseconds(50));
}

std::unique_ptr<engine> make_inline_engine() {
  return std::make_unique<local_engine>("inline",
                                        [] { return std::make_unique<inline_runtime>(); });
}

std::unique_ptr<engine> make_simulated_engine(std::uint64_t seed) {
  return std::make_unique<local_engine>("simulated, seed=" + std::to_string(seed), [seed] {
    return std::make_unique<simulated_runtime>(seed);
  });
}

configuration test_configuration() {
  return configuration::defaults().master("local[2]").set("state.hash_seed", 7);
}

} // namespace millrace::test
