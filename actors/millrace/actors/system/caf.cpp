#include "millrace/actors/system/caf.hpp"

#include "millrace/actors/system/make_thread.hpp"

#include <algorithm>
#include <future>
#include <vector>

#include <caf/actor_system_config.hpp>

namespace millrace::actors {

namespace {

/// Beside the workers: the clock, and the printer that CAF always has.
constexpr std::size_t utility_threads = 2;

/// CAF ends the process when it cannot make a thread of its own. So as many are made here first,
/// all at once, which throws where CAF would not.
void check_room_for_threads(std::size_t n) {
  std::promise<void> go_on;
  std::shared_future<void> may_end{go_on.get_future()};
  std::vector<std::thread> made;
  auto end_all = [&] {
    go_on.set_value();
    for (auto& thread : made)
      thread.join();
  };
  try {
    while (made.size() < n)
      made.push_back(make_thread("actors", [may_end] { may_end.wait(); }));
  } catch (...) {
    end_all();
    throw;
  }
  end_all();
}

} // namespace

caf_system::caf_system(const scheduler_options& options)
    : config_{std::make_unique<caf::actor_system_config>()} {
  auto threads = options.threads != 0 ? options.threads : std::size_t{1};
  check_room_for_threads(threads + utility_threads);
  config_->set("scheduler.policy",
               options.policy == "stealing" ? caf::atom("stealing") : caf::atom("sharing"));
  config_->set("scheduler.max-threads", threads);
  config_->set("scheduler.max-throughput", options.max_throughput);
  system_ = std::make_unique<caf::actor_system>(*config_);
}

caf_system::~caf_system() = default;

void caf_system::close() {
  system_.reset();
  config_.reset();
}

void caf_system::leak() noexcept {
  static_cast<void>(system_.release());
  static_cast<void>(config_.release());
}

void forget_system_of_thread() { caf::logger::set_current_actor_system(nullptr); }

void init_actor(caf::scheduled_actor* self) {
  self->set_default_handler(
      [](caf::scheduled_actor*, caf::message_view&) -> caf::result<caf::message> {
        return caf::make_error(caf::sec::unexpected_message);
      });
  self->set_error_handler([](caf::scheduled_actor* me, caf::error& e) { me->quit(std::move(e)); });
  self->set_exception_handler([](caf::scheduled_actor*, std::exception_ptr& x) -> caf::error {
    try {
      std::rethrow_exception(x);
    } catch (const std::exception& e) {
      return caf::make_error(caf::sec::runtime_error, std::string{e.what()});
    } catch (...) {
      return caf::make_error(caf::sec::runtime_error, std::string{"unknown exception"});
    }
  });
}

void stop_now(const caf::strong_actor_ptr& target) {
  if (target)
    caf::anon_send<caf::message_priority::high>(
        caf::actor_cast<caf::actor>(target),
        caf::exit_msg{target->address(), caf::exit_reason::user_shutdown});
}

} // namespace millrace::actors
