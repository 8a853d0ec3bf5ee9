#include "millrace/actors/control/batch_coordinator.hpp"
#include "millrace/actors/control/block_tracker.hpp"
#include "millrace/actors/control/job_environment.hpp"
#include "support/job_fixture.hpp"

#include <mutex>

using namespace millrace;
using namespace millrace::actors;
using namespace millrace::test;

namespace {

/// Takes the job of a context at start, and runs nothing.
class job_catcher final : public runtime {
public:
  explicit job_catcher(job& to) : to_{to} {}
  void start(job what) override { to_ = std::move(what); }
  void request_stop(stop_mode) override {}
  bool wait_stopped(std::optional<std::chrono::milliseconds>) override { return true; }
  bool on_own_thread() const override { return false; }

private:
  job& to_;
};

struct no_receiver final : receiver<int> {
  void on_start() override {}
  void on_stop() override {}
};

job any_job() {
  job what;
  basic_stream_context context{quick_configuration(), seconds(1),
                               std::make_unique<job_catcher>(what)};
  context.set_log(std::make_shared<memory_log>());
  context.receiver_stream([] { return std::make_shared<no_receiver>(); })
      .for_each_batch([](const batch<int>&) {});
  context.start();
  return what;
}

} // namespace

TEST_CASE("a block that the tracker cannot take is an error of the job, which stops gracefully") {
  auto log = std::make_shared<memory_log>();
  auto what = any_job();
  std::mutex mutex;
  std::vector<error> reported;
  std::vector<stop_mode> stops;
  what.seed.value = 1;
  what.log = log;
  what.report_error = [&](const error& e) {
    std::lock_guard guard{mutex};
    reported.push_back(e);
  };
  auto env = std::make_shared<job_environment>(what, std::make_shared<manual_clock>(), 1, nullptr);
  env->request_stop = [&](stop_mode mode) {
    std::lock_guard guard{mutex};
    stops.push_back(mode);
  };
  caf_system system{{}};
  env->wiring.coordinator = spawn_batch_coordinator(system.get(), env);
  env->wiring.tracker = spawn_block_tracker(system.get(), env);
  forget_system_of_thread();

  block_meta block{{stream_id{0}, 7}, 10, 40};
  tell_from_thread(*env, env->wiring.tracker, block_stored{block});
  tell_from_thread(*env, env->wiring.tracker, block_stored{block});
  CHECK(wait_until([&] {
    std::lock_guard guard{mutex};
    return stops.size() == 1;
  }));
  CHECK(stops == std::vector{stop_mode::graceful});
  REQUIRE(reported.size() == 1);
  CHECK(reported[0].code == errc::already_exists);
  CHECK(contains(reported[0].message, "input-0-7 is lost: "));
  CHECK(log->count(log_level::error, "input-0-7 is lost: ") == 1);

  stop_now(caf::actor_cast<caf::strong_actor_ptr>(env->wiring.tracker));
  stop_now(caf::actor_cast<caf::strong_actor_ptr>(env->wiring.coordinator));
  env->wiring = {};
}
