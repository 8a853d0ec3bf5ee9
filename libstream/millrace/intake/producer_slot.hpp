#pragma once

#include <atomic>

namespace millrace {

/// Hands one object from producer to producer with one atomic exchange: who takes it owns it until
/// it is given back.
///
/// For the per-record path of a receiver, which normally has one thread: then taking never waits
/// and costs no lock. With several threads the others wait until it is given back.
template <class T>
class producer_slot {
public:
  explicit producer_slot(T& object) noexcept : slot_{&object} {}

  class holder {
  public:
    explicit holder(producer_slot& from) noexcept : from_{from}, object_{from.take()} {}
    holder(const holder&) = delete;
    holder& operator=(const holder&) = delete;
    ~holder() { from_.give_back(object_); }
    T& operator*() const noexcept { return *object_; }
    T* operator->() const noexcept { return object_; }

  private:
    producer_slot& from_;
    T* object_;
  };

  /// The object, or null when somebody has it now.
  T* try_take() noexcept { return slot_.exchange(nullptr, std::memory_order_acquire); }

  void give_back(T* object) noexcept {
    slot_.store(object, std::memory_order_release);
    slot_.notify_one();
  }

private:
  T* take() noexcept {
    for (;;) {
      if (auto* object = try_take())
        return object;
      slot_.wait(nullptr, std::memory_order_relaxed);
    }
  }

  std::atomic<T*> slot_;
};

} // namespace millrace
