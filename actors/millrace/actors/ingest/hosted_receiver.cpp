#include "millrace/actors/ingest/hosted_receiver.hpp"

#include "millrace/actors/control/job_environment.hpp"
#include "millrace/actors/ingest/receiver_life.hpp"

namespace millrace::actors {

std::shared_ptr<receiver_host> make_receiver_host(environment_ptr env,
                                                  const hosted_receiver& receiver,
                                                  const receiver_supervisor_actor& supervisor) {
  auto log = env->log.named("receiver_supervisor");
  auto metrics = env->what.metrics;
  requesting_host::routes to;
  to.send = [env = std::move(env),
             address = caf::actor_cast<caf::actor_addr>(supervisor)](receiver_request what) {
    if (auto to = caf::actor_cast<receiver_supervisor_actor>(address))
      tell_from_thread(*env, to, std::move(what));
  };
  to.run = [slot = receiver.slot](std::function<void(std::stop_token)> body) {
    std::lock_guard guard{slot->mutex};
    if (!slot->life)
      throw stream_error{errc::illegal_state, "receiver::run: the receiver has not been started"};
    slot->life->run(std::move(body));
  };
  return std::make_shared<requesting_host>(receiver.parts->name, receiver.parts->requests,
                                           std::move(to), std::move(log), std::move(metrics));
}

} // namespace millrace::actors
