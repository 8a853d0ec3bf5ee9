#include "millrace/actors/ingest/receiver_parts.hpp"

#include "millrace/actors/control/job_environment.hpp"
#include "millrace/actors/ingest/receiver_life.hpp"
#include "millrace/intake/intake_pacer.hpp"
#include "millrace/intake/socket_receiver.hpp"
#include "millrace/io/network.hpp"

#include <unistd.h>

namespace millrace::actors {

namespace {

class host_of_supervisor final : public receiver_host {
public:
  host_of_supervisor(environment_ptr env, std::shared_ptr<receiver_link> link,
                     const receiver_supervisor_actor& supervisor)
      : env_{std::move(env)},
        link_{std::move(link)},
        supervisor_{caf::actor_cast<caf::actor_addr>(supervisor)} {}

  void request_restart(std::string reason, std::optional<duration> delay) override {
    send({receiver_request::kind::restart, std::move(reason), delay});
  }
  void request_stop(std::string reason) override {
    send({receiver_request::kind::stop, std::move(reason), {}});
  }
  void report_error(std::string message) override {
    send({receiver_request::kind::report, std::move(message), {}});
  }

  void run(std::function<void(std::stop_token)> body) override {
    std::lock_guard guard{link_->mutex};
    if (!link_->life)
      throw stream_error{errc::illegal_state, "receiver::run: the receiver has not been started"};
    link_->life->run(std::move(body));
  }

private:
  void send(receiver_request what) {
    auto to = caf::actor_cast<receiver_supervisor_actor>(supervisor_);
    if (!to)
      return;
    if (link_->requests.admit(what.what))
      tell_from_thread(*env_, to, std::move(what));
    else if (what.what == receiver_request::kind::report)
      drop_report();
  }

  void drop_report() const {
    env_->what.metrics->add("receiver_reports_dropped_total", std::to_string(link_->stream.value()),
                            1);
    if (link_->requests.note_dropped())
      env_->log.named("receiver_supervisor")
          .warning("receiver " + link_->name + " reports errors faster than they can be told: " +
                   std::to_string(request_limit::max_reports) + " wait, further ones are dropped");
  }

  environment_ptr env_;
  const std::shared_ptr<receiver_link> link_;
  caf::actor_addr supervisor_;
};

token_bucket_options rate_options(const configuration& conf) {
  token_bucket_options options;
  options.max_rate = static_cast<double>(conf.integer("stream.receiver_max_rate"));
  return options;
}

std::string this_host() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

} // namespace

receiver_parts_ptr make_receiver_parts(const job_environment& env, const source_node& source,
                                       const std::shared_ptr<network>& net) {
  auto& conf = env.what.conf;
  intake_options options;
  options.max_block_bytes = conf.bytes("stream.max_block_bytes");
  auto parts = std::make_shared<receiver_parts>();
  parts->link->stream = source.stream();
  auto& info = *source.info();
  parts->link->name = info.name.empty()
                          ? info.operation + "-" + std::to_string(source.stream().value())
                          : info.name;
  if (auto* custom = std::get_if<receiver_source>(&source.spec())) {
    parts->user = custom->make_receiver();
    parts->into = custom->make_intake(options);
  } else if (auto* socket = std::get_if<socket_source>(&source.spec())) {
    socket_receiver_options how{conf.bytes("stream.max_record_bytes"),
                                conf.boolean("receiver.reconnect")};
    parts->user = std::make_shared<socket_receiver>(*socket, how, net, env.what.metrics);
    parts->into = std::make_shared<text_intake>(options);
  } else {
    return nullptr;
  }
  if (auto note = note_on_location(*parts->user, parts->link->name, this_host()))
    env.log.named("receiver_supervisor").info(*note);
  parts->pacer = std::make_shared<intake_pacer>(rate_options(conf), env.time);
  return parts;
}

std::shared_ptr<receiver_host> make_receiver_host(environment_ptr env,
                                                  std::shared_ptr<receiver_link> link,
                                                  const receiver_supervisor_actor& supervisor) {
  return std::make_shared<host_of_supervisor>(std::move(env), std::move(link), supervisor);
}

} // namespace millrace::actors
