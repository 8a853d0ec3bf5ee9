#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>

namespace millrace {

/// The seam through which libstream, which has no threads of its own, runs the partitions of a
/// batch in parallel. One `run_all` at a time per caller; several callers may share one executor.
class parallel_executor {
public:
  parallel_executor() = default;
  parallel_executor(const parallel_executor&) = delete;
  parallel_executor& operator=(const parallel_executor&) = delete;
  virtual ~parallel_executor() = default;

  /// Calls `body(0)` to `body(n - 1)`, in any order and possibly at once, and returns when all have
  /// returned or thrown. Every call is made even when one throws; then the exception of the lowest
  /// index is rethrown.
  virtual void run_all(std::size_t n, const std::function<void(std::size_t)>& body) = 0;

  /// How many calls can run at once; at least 1.
  [[nodiscard]] virtual std::size_t width() const = 0;
};

/// Runs everything on the caller's thread, in the order of the indexes.
class sequential_executor final : public parallel_executor {
public:
  void run_all(std::size_t n, const std::function<void(std::size_t)>& body) override {
    std::exception_ptr first;
    for (std::size_t i = 0; i < n; ++i) {
      try {
        body(i);
      } catch (...) {
        if (!first)
          first = std::current_exception();
      }
    }
    if (first)
      std::rethrow_exception(first);
  }

  [[nodiscard]] std::size_t width() const override { return 1; }
};

inline std::shared_ptr<parallel_executor> make_sequential_executor() {
  return std::make_shared<sequential_executor>();
}

} // namespace millrace
