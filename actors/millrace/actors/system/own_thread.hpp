#pragma once

namespace millrace::actors {

/// Marks the current thread as one that belongs to a runtime (by its address) and runs user code,
/// for as long as the mark lives: `stop()` called there must not wait for the runtime to stop.
class own_thread_mark {
public:
  explicit own_thread_mark(const void* owner) noexcept : before_{current()} { current() = owner; }
  own_thread_mark(const own_thread_mark&) = delete;
  own_thread_mark& operator=(const own_thread_mark&) = delete;
  ~own_thread_mark() { current() = before_; }

  static bool is_owned_by(const void* owner) noexcept { return current() == owner; }

private:
  static const void*& current() noexcept {
    thread_local const void* owner = nullptr;
    return owner;
  }

  const void* before_;
};

} // namespace millrace::actors
