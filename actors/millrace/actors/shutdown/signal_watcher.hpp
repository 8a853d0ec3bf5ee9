#pragma once

#include <functional>
#include <memory>

namespace millrace::actors {

/// While at least one registration lives, SIGINT and SIGTERM are handled by Millrace: the first one
/// after it was made calls a registration's function with 1, the second with 2, and so on.
/// Afterwards the handlers that were there before are back.
///
/// The functions are called on a thread of the watcher, one at a time; they must return soon and
/// must not destroy registrations. Thread-safe.
class signal_registration {
public:
  explicit signal_registration(std::function<void(int count)> on_signal);
  signal_registration(const signal_registration&) = delete;
  signal_registration& operator=(const signal_registration&) = delete;
  ~signal_registration();

private:
  struct watcher;
  std::shared_ptr<watcher> watcher_;
  std::size_t id_ = 0;
};

} // namespace millrace::actors
