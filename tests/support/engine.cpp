#include "support/engine.hpp"

#include "millrace/engine/inline_runtime.hpp"

#include <thread>

namespace millrace::test {

namespace {

class inline_engine final : public engine {
public:
  std::string_view name() const override { return "inline"; }

  std::unique_ptr<basic_stream_context> make_context(configuration conf,
                                                     duration batch_interval) override {
    auto made = std::make_unique<inline_runtime>();
    runtime_ = made.get();
    auto context =
        std::make_unique<basic_stream_context>(std::move(conf), batch_interval, std::move(made));
    context->set_log(std::make_shared<memory_log>());
    return context;
  }

  runtime& its_runtime() override { return *runtime_; }
  void advance(duration by) override { runtime_->advance(by); }

private:
  inline_runtime* runtime_ = nullptr;
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

std::unique_ptr<engine> make_inline_engine() { return std::make_unique<inline_engine>(); }

configuration test_configuration() {
  return configuration::defaults().master("local[2]").set("state.hash_seed", 7);
}

} // namespace millrace::test
