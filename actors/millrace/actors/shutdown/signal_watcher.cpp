#include "millrace/actors/shutdown/signal_watcher.hpp"

#include "millrace/actors/system/make_thread.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <map>
#include <mutex>
#include <thread>
#include <unistd.h>

namespace millrace::actors {

namespace {

/// The only thing a handler may touch: the write end of the watcher's pipe.
std::atomic<int> signal_pipe{-1};

/// Held while a watcher is made, found or destroyed, so that there is never more than one.
std::mutex& watcher_mutex() {
  static std::mutex mutex;
  return mutex;
}

extern "C" void millrace_on_signal(int) {
  int saved = errno;
  char byte = 's';
  static_cast<void>(::write(signal_pipe.load(), &byte, 1));
  errno = saved;
}

} // namespace

struct signal_registration::watcher {
  watcher() {
    if (::pipe2(pipe, O_CLOEXEC) != 0)
      return;
    try {
      thread = make_thread("signals", [this] { work(); });
    } catch (...) {
      ::close(pipe[0]);
      ::close(pipe[1]);
      throw;
    }
    signal_pipe.store(pipe[1]);
    struct sigaction action {};
    action.sa_handler = &millrace_on_signal;
    action.sa_flags = SA_RESTART;
    ::sigaction(SIGINT, &action, &before_int);
    ::sigaction(SIGTERM, &action, &before_term);
  }

  ~watcher() {
    if (pipe[1] < 0)
      return;
    ::sigaction(SIGINT, &before_int, nullptr);
    ::sigaction(SIGTERM, &before_term, nullptr);
    char byte = 'q';
    static_cast<void>(::write(pipe[1], &byte, 1));
    thread.join();
    signal_pipe.store(-1);
    ::close(pipe[0]);
    ::close(pipe[1]);
  }

  void work() {
    char byte = 0;
    for (;;) {
      auto n = ::read(pipe[0], &byte, 1);
      if (n < 0 && errno == EINTR)
        continue;
      if (n != 1 || byte == 'q')
        return;
      std::lock_guard guard{mutex};
      for (auto& [id, heard] : registered)
        heard.on_signal(++heard.count);
    }
  }

  static std::shared_ptr<watcher> instance() {
    static std::weak_ptr<watcher> existing;
    auto found = existing.lock();
    if (!found) {
      found = std::make_shared<watcher>();
      existing = found;
    }
    return found;
  }

  int pipe[2] = {-1, -1};
  struct sigaction before_int {};
  struct sigaction before_term {};
  std::thread thread;
  std::mutex mutex;
  struct registration {
    std::function<void(int)> on_signal;
    int count = 0;
  };
  std::map<std::size_t, registration> registered;
  std::size_t next = 0;
};

signal_registration::signal_registration(std::function<void(int)> on_signal) {
  std::lock_guard making{watcher_mutex()};
  watcher_ = watcher::instance();
  std::lock_guard guard{watcher_->mutex};
  id_ = watcher_->next++;
  watcher_->registered.emplace(id_, watcher::registration{std::move(on_signal)});
}

signal_registration::~signal_registration() {
  std::lock_guard making{watcher_mutex()};
  {
    std::lock_guard guard{watcher_->mutex};
    watcher_->registered.erase(id_);
  }
  watcher_.reset();
}

} // namespace millrace::actors
