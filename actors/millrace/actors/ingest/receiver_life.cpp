#include "millrace/actors/ingest/receiver_life.hpp"

#include "millrace/actors/system/own_thread.hpp"

#include <thread>

namespace millrace::actors {

struct receiver_life::shared {
  std::shared_ptr<receiver_base> user;
  notify tell;
  const void* owner;
  std::stop_source stop;
  std::mutex mutex;
  std::condition_variable idle;
  std::size_t bodies = 0;

  /// Calls user code; the text of what it threw, or nothing.
  template <class Body>
  std::optional<std::string> thrown_by(Body&& body) {
    try {
      body();
      return std::nullopt;
    } catch (const std::exception& e) {
      return e.what();
    } catch (...) {
      return "something that is not a std::exception";
    }
  }

  void begin() {
    user->set_started(true);
    if (auto what = thrown_by([&] { user->on_start(); }))
      tell(receiver_event::kind::failed, "on_start threw: " + *what);
    else
      tell(receiver_event::kind::started, "");
  }

  void end() {
    user->set_started(false);
    stop.request_stop();
    auto what = thrown_by([&] { user->on_stop(); });
    {
      std::unique_lock lock{mutex};
      idle.wait(lock, [&] { return bodies == 0; });
    }
    tell(receiver_event::kind::stopped, what ? "on_stop threw: " + *what : "");
  }

  void body_thread(const std::function<void(std::stop_token)>& body) {
    own_thread_mark mark{owner};
    if (auto what = thrown_by([&] { body(stop.get_token()); }))
      tell(receiver_event::kind::failed, "a thread of the receiver threw: " + *what);
    std::lock_guard guard{mutex};
    if (--bodies == 0)
      idle.notify_all();
  }
};

receiver_life::receiver_life(std::shared_ptr<receiver_base> user, notify tell, const void* owner)
    : shared_{std::make_shared<shared>()}, control_{owner} {
  shared_->user = std::move(user);
  shared_->tell = std::move(tell);
  shared_->owner = owner;
}

receiver_life::~receiver_life() { control_.stop(std::chrono::milliseconds{0}); }

void receiver_life::begin() {
  control_.submit([s = shared_] { s->begin(); });
}

void receiver_life::end() {
  shared_->stop.request_stop();
  control_.submit([s = shared_] { s->end(); });
}

void receiver_life::run(std::function<void(std::stop_token)> body) {
  {
    std::lock_guard guard{shared_->mutex};
    ++shared_->bodies;
  }
  std::thread{[s = shared_, body = std::move(body)] { s->body_thread(body); }}.detach();
}

} // namespace millrace::actors
