#include "millrace/actors/ingest/receiver_life.hpp"

#include "millrace/actors/system/make_thread.hpp"
#include "millrace/actors/system/own_thread.hpp"
#include "millrace/intake/thrown_by.hpp"

#include <algorithm>
#include <atomic>
#include <list>
#include <optional>
#include <thread>

namespace millrace::actors {

struct receiver_life::shared {
  std::shared_ptr<receiver_base> user;
  notify tell;
  const void* owner;
  std::stop_source stop;
  bool begun = false; ///< Only touched on the control thread.
  std::mutex mutex;
  struct body {
    std::thread thread;
    std::shared_ptr<std::atomic<bool>> ended = std::make_shared<std::atomic<bool>>(false);
  };
  std::list<body> bodies;

  void ask_to_stop() {
    stop.request_stop();
    user->set_started(false);
  }

  void begin() {
    if (stop.stop_requested())
      return;
    begun = true;
    user->set_started(true);
    if (stop.stop_requested()) // `end` came in between
      user->set_started(false);
    if (auto what = thrown_by([&] { user->on_start(); }))
      tell(receiver_event::kind::failed, "on_start threw: " + *what);
    else
      tell(receiver_event::kind::started, "");
  }

  void end() {
    std::optional<std::string> what;
    if (begun)
      what = thrown_by([&] { user->end(); });
    join_bodies(false);
    tell(receiver_event::kind::stopped, what ? "on_stop threw: " + *what : "");
  }

  void body_thread(std::function<void(std::stop_token)> f, std::atomic<bool>& ended) {
    own_thread_mark mark{owner};
    if (auto what = thrown_by([&] { f(stop.get_token()); }))
      tell(receiver_event::kind::failed, "a thread of the receiver threw: " + *what);
    f = nullptr;
    ended.store(true);
  }

  /// Joins all bodies, those included that begin meanwhile, or only those that are about to return
  /// anyway.
  void join_bodies(bool only_ended) {
    for (;;) {
      std::thread next;
      {
        std::lock_guard guard{mutex};
        auto found =
            std::ranges::find_if(bodies, [&](auto& b) { return !only_ended || b.ended->load(); });
        if (found == bodies.end())
          return;
        next = std::move(found->thread);
        bodies.erase(found);
      }
      next.join();
    }
  }

  void run(std::shared_ptr<shared> self, std::function<void(std::stop_token)> f) {
    join_bodies(true);
    std::list<body> made(1);
    auto work = [s = std::move(self), f = std::move(f), ended = made.front().ended]() mutable {
      s->body_thread(std::move(f), *ended);
    };
    std::lock_guard guard{mutex};
    made.front().thread = make_thread("receiver::run", std::move(work));
    bodies.splice(bodies.end(), made);
  }
};

receiver_life::receiver_life(std::shared_ptr<receiver_base> user, notify tell, const void* owner)
    : shared_{std::make_shared<shared>()}, control_{owner} {
  shared_->user = std::move(user);
  shared_->tell = std::move(tell);
  shared_->owner = owner;
}

receiver_life::~receiver_life() {
  shared_->ask_to_stop();
  control_.stop(std::chrono::milliseconds{0});
  std::lock_guard guard{shared_->mutex};
  for (auto& body : shared_->bodies)
    body.thread.detach();
  shared_->bodies.clear();
}

void receiver_life::begin() {
  control_.submit([s = shared_] { s->begin(); });
}

void receiver_life::end() {
  shared_->ask_to_stop();
  control_.submit([s = shared_] { s->end(); });
}

void receiver_life::join() { control_.stop(std::chrono::seconds{1}); }

void receiver_life::run(std::function<void(std::stop_token)> body) {
  shared_->run(shared_, std::move(body));
}

} // namespace millrace::actors
