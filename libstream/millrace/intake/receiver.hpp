#pragma once

#include "millrace/base/ids.hpp"
#include "millrace/base/time.hpp"
#include "millrace/intake/text_intake.hpp"
#include "millrace/intake/typed_intake.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>

namespace millrace {

/// What a receiver may ask of its supervisor. All calls are thread-safe and return at once, `run`
/// included.
class receiver_host {
public:
  virtual ~receiver_host() = default;
  virtual void request_restart(std::string reason, std::optional<duration> delay) = 0;
  virtual void request_stop(std::string reason) = 0;
  virtual void report_error(std::string message) = 0;
  /// Runs `body` on a thread that the host owns and joins after `on_stop`; an exception restarts
  /// the receiver.
  virtual void run(std::function<void(std::stop_token)> body) = 0;
};

/// The part of a receiver that does not depend on its record type.
///
/// Life cycle: `on_start` (must not block: start threads, or use `run`), records, `on_stop` (stop
/// threads). After a restart the same object gets `on_start` again. `on_start` and `on_stop` are
/// never called at the same time.
class receiver_base {
public:
  receiver_base() = default;
  receiver_base(const receiver_base&) = delete;
  receiver_base& operator=(const receiver_base&) = delete;
  virtual ~receiver_base() = default;

  virtual void on_start() = 0;
  virtual void on_stop() = 0;
  /// The host on which this receiver would rather run; asked once, when it has been made. Without
  /// effect where the job runs in one process (`local`, and the inline runtime), which says so in
  /// the log.
  virtual std::optional<std::string> preferred_location() const { return std::nullopt; }

  /// Asks for `on_stop`, a delay (default: the option receiver.restart_delay, with backoff) and
  /// `on_start`.
  void restart(std::string reason);
  void restart(std::string reason, duration delay);
  /// Ends this receiver for good.
  void stop(std::string reason);
  /// Tells listeners of an error; the receiver goes on.
  void report_error(std::string message);

  /// True from `on_start` until a stop or restart was asked for.
  bool is_started() const noexcept { return started_.load(std::memory_order_acquire); }
  bool is_stopped() const noexcept { return !is_started(); }
  stream_id stream() const noexcept { return stream_; }

  /// For runtimes: before the first `on_start`.
  virtual void attach(stream_id stream, std::shared_ptr<receiver_host> host,
                      std::shared_ptr<intake> into);
  /// For runtimes: calls `on_stop`; until it returns, this thread may store.
  void end();
  void set_started(bool started) noexcept {
    stopping_.store(!started, std::memory_order_release);
    started_.store(started, std::memory_order_release);
  }

protected:
  /// Runs `body` on a thread of this receiver's supervisor; see receiver_host::run.
  void run(std::function<void(std::stop_token)> body);

  /// Whether `store` takes anything on this thread now.
  bool may_store() const noexcept {
    return !stopping_.load(std::memory_order_acquire) ||
           in_on_stop_.load(std::memory_order_acquire) == std::this_thread::get_id();
  }

private:
  stream_id stream_;
  std::shared_ptr<receiver_host> host_;
  std::atomic<bool> started_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<std::thread::id> in_on_stop_{};
};

/// What to log of a receiver that would rather run elsewhere than on `host`; nothing of one that
/// would not. Asks it.
std::optional<std::string> note_on_location(const receiver_base& receiver, const std::string& name,
                                            const std::string& host);

/// Text goes into arenas, everything else into typed blocks.
template <class T>
using intake_for =
    std::conditional_t<std::is_same_v<T, std::string_view>, text_intake, typed_intake<T>>;

/// Base class of custom receivers of T. A `receiver<std::string_view>` may store views: their bytes
/// are copied.
///
/// `store` may be called from any thread between `on_start` and `on_stop`. It waits while the rate
/// limit or a full block store says so, and returns false, having stored nothing, from when a stop
/// or restart has been asked for until the next `on_start`. Only `on_stop` itself still stores
/// then, so that it can hand over what has been taken in.
template <class T>
class receiver : public receiver_base {
public:
  using value_type = T;

  /// One record; becomes part of the block of the current block interval.
  bool store(T record) { return may_store() && intake_->store(std::move(record)); }

  /// Many records as one block, whole or not at all: the call for sources that acknowledge
  /// afterwards.
  bool store(std::vector<T> records) { return may_store() && intake_->store(std::move(records)); }

  void attach(stream_id stream, std::shared_ptr<receiver_host> host,
              std::shared_ptr<intake> into) override {
    intake_ = std::static_pointer_cast<intake_for<T>>(into);
    receiver_base::attach(stream, std::move(host), std::move(into));
  }

private:
  std::shared_ptr<intake_for<T>> intake_;
};

} // namespace millrace
