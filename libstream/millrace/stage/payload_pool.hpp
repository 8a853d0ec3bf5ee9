#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace millrace {

/// Payloads that all their readers have let go of, for the next batches of one writer: memory that
/// is not new to the process costs no page faults, which for large batches are a third of the time.
///
/// `Payload` has `clear()`, which forgets all records but keeps their memory. `get` is for the
/// owner; the payloads may be let go on any thread, and after the pool is gone. Bound: `most`
/// payloads wait; one more is freed. They are used again in turn, so each shrinks to what batches
/// need by now if the writer trims what it fills.
template <class Payload>
class payload_pool {
public:
  explicit payload_pool(std::size_t most) : shelf_{std::make_shared<shelf>(most)} {}

  /// An empty one.
  std::shared_ptr<Payload> get() {
    std::unique_ptr<Payload> used = shelf_->take();
    Payload* const out = used ? used.release() : new Payload;
    return {out, [to = shelf_](Payload* done) { to->put(std::unique_ptr<Payload>{done}); }};
  }

private:
  class shelf {
  public:
    explicit shelf(std::size_t most) : most_{most} { free_.reserve(most); }

    std::unique_ptr<Payload> take() {
      std::scoped_lock lock{mutex_};
      if (free_.empty())
        return nullptr;
      std::unique_ptr<Payload> oldest = std::move(free_.front());
      free_.erase(free_.begin());
      return oldest;
    }

    void put(std::unique_ptr<Payload> done) noexcept {
      done->clear();
      std::scoped_lock lock{mutex_};
      if (free_.size() < most_)
        free_.push_back(std::move(done));
    }

  private:
    const std::size_t most_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Payload>> free_;
  };

  std::shared_ptr<shelf> shelf_;
};

} // namespace millrace
