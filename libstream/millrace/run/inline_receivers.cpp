#include "millrace/run/inline_receivers.hpp"

#include <mutex>

namespace millrace {

struct inline_receivers::hosted : receiver_host {
  stream_id stream;
  std::string name;
  const job* what = nullptr;
  const clock* time = nullptr;
  duration restart_delay{0};
  std::shared_ptr<receiver_base> user;
  std::shared_ptr<intake> into;
  std::uint64_t next_block = 0;
  block_ptr pending;
  std::mutex mutex;
  std::optional<batch_time> restart_at;
  bool stop_wanted = false;
  std::uint64_t restarts = 0;

  receiver_info info(std::string message = {}) const {
    receiver_info out{stream, name, user->is_started(), "localhost", std::move(message), {}, restarts};
    if (!out.last_error.empty())
      out.last_error_time = time->wall_now();
    return out;
  }

  void tell(void (listener::*event)(const receiver_info&), const receiver_info& about) const {
    for (auto& l : what->listeners())
      ((*l).*event)(about);
  }

  void begin() {
    user->set_started(true);
    try {
      user->on_start();
      tell(&listener::on_receiver_started, info());
    } catch (const std::exception& e) {
      tell(&listener::on_receiver_error, info(e.what()));
      request_restart(e.what(), std::nullopt);
    }
  }

  void end() {
    if (!user->is_started())
      return;
    user->set_started(false);
    user->on_stop();
    tell(&listener::on_receiver_stopped, info());
  }

  void request_restart(std::string, std::optional<duration> delay) override {
    std::lock_guard guard{mutex};
    restart_at = time->wall_now() + delay.value_or(restart_delay);
  }
  void request_stop(std::string) override {
    std::lock_guard guard{mutex};
    stop_wanted = true;
  }
  void report_error(std::string message) override { tell(&listener::on_receiver_error, info(std::move(message))); }
  void run(std::function<void(std::stop_token)>) override {
    throw stream_error{errc::unsupported, "receiver::run needs the actor runtime; the inline runtime has no threads"};
  }

  void act() {
    bool restart = false;
    bool stop = false;
    {
      std::lock_guard guard{mutex};
      stop = std::exchange(stop_wanted, false);
      restart = restart_at && *restart_at <= time->wall_now();
      if (restart || restart_at)
        stop = true;
      if (restart)
        restart_at.reset();
    }
    if (stop)
      end();
    if (restart) {
      ++restarts;
      begin();
    }
  }
};

inline_receivers::inline_receivers(const job& what, const clock& time) : job_{what}, clock_{time} {
  intake_options options;
  options.max_block_bytes = what.conf.bytes("stream.max_block_bytes");
  for (auto& source : what.graph->sources()) {
    if (std::holds_alternative<socket_source>(source->spec()))
      throw stream_error{errc::unsupported, describe(*source->info()) + " needs the actor runtime"};
    auto* spec = std::get_if<receiver_source>(&source->spec());
    if (!spec)
      continue;
    auto host = std::make_shared<hosted>();
    host->stream = source->stream();
    host->name = source->info()->operation + "-" + std::to_string(source->stream().value());
    host->what = &job_;
    host->time = &clock_;
    host->restart_delay = what.conf.get_duration("receiver.restart_delay");
    host->user = spec->make_receiver();
    host->into = spec->make_intake(options);
    host->into->connect({});
    host->user->attach(source->stream(), host, host->into);
    receivers_.push_back(std::move(host));
  }
}

inline_receivers::~inline_receivers() = default;

void inline_receivers::start() {
  for (auto& host : receivers_)
    host->begin();
}

void inline_receivers::stop() {
  for (auto& host : receivers_) {
    host->end();
    host->into->stop();
  }
}

void inline_receivers::poll(block_store& store, batch_assembler& assembler) {
  for (auto& host : receivers_) {
    host->act();
    host->into->cut();
    for (;;) {
      if (!host->pending)
        host->pending = host->into->pop();
      if (!host->pending)
        break;
      block_id id{host->stream, host->next_block};
      block_meta meta{id, host->pending->records(), host->pending->bytes()};
      if (!store.try_put(id, host->pending))
        break;
      host->pending.reset();
      ++host->next_block;
      if (auto ok = assembler.stored(meta); !ok)
        throw stream_error{ok.error()};
    }
  }
}

} // namespace millrace
