#pragma once

#include "millrace/base/ids.hpp"
#include "millrace/base/time.hpp"
#include "millrace/intake/store_receipt.hpp"
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
#include <utility>
#include <vector>

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

  /// Throws `invalid_argument` for a position of more than `max_position_bytes`. What the callback
  /// throws is reported.
  std::shared_ptr<store_receipt> make_receipt(source_position at,
                                              stored_callback on_stored = nullptr);

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
///
/// A job that runs in one thread (inline, simulated) puts blocks into the store when its clock is
/// moved, on the thread that moves it, which also runs `on_start` and `on_stop`. That thread cannot
/// wait for itself: there `store` returns true when the records are accepted, and they are in a
/// batch unless the job is stopped immediately; where it would have to wait for room, it throws
/// `limit_exceeded`. Other threads wait until the clock has been moved.
template <class T>
class receiver : public receiver_base {
public:
  using value_type = T;

  /// One record; becomes part of the block of the current block interval. True: it is accepted, and
  /// in a batch unless the job is stopped immediately.
  bool store(T record) { return may_store() && intake_->store(std::move(record)); }

  /// Many records as one block, whole or not at all: the call for sources that are acknowledged
  /// afterwards. Returns when the block is in the block store and the job has been told of it:
  /// true, and the records are in exactly one batch, unless the job is stopped immediately. Without
  /// records, true at once.
  ///
  /// False: the records are in no batch and never will be, so the source may send them again. That
  /// is so after a stop or restart was asked for, and when the wait is cut short: by an immediate
  /// stop, by a graceful one whose time for receivers is over, and, where the job runs in one
  /// thread, by the end of this life. So `on_stop` may join threads that are waiting here. A
  /// function of the job itself, such as an output, must not call this: a full store waits for it.
  ///
  /// The position, of at most `max_position_bytes`, is kept with the block.
  bool store(std::vector<T> records, source_position at = {}) {
    auto receipt = make_receipt(std::move(at));
    return may_store() && intake_->store(std::move(records), receipt) &&
           intake_->wait_until_stored(*receipt);
  }

  /// As above, without waiting for the store: true when the records are accepted. When they are in
  /// the block store, `on_stored` is called with the position; never, if the job is stopped
  /// immediately before. Waits while there are 10 callbacks (10,000 where the job runs in one
  /// thread) that have not returned.
  ///
  /// Callbacks come one at a time in the order of the stores, also for a store of no records, on a
  /// thread of their own or, where the job runs in one thread, on the one that moves the clock.
  /// They may come after `on_stop` and in the next life of the receiver, so `on_stop` must not wait
  /// for them; a graceful stop does. What they throw is reported as by `report_error`.
  bool store(std::vector<T> records, source_position at, stored_callback on_stored) {
    auto receipt = make_receipt(std::move(at), std::move(on_stored));
    return may_store() && intake_->wait_for_callbacks() &&
           intake_->store(std::move(records), std::move(receipt));
  }

  void attach(stream_id stream, std::shared_ptr<receiver_host> host,
              std::shared_ptr<intake> into) override {
    intake_ = std::static_pointer_cast<intake_for<T>>(into);
    receiver_base::attach(stream, std::move(host), std::move(into));
  }

private:
  std::shared_ptr<intake_for<T>> intake_;
};

} // namespace millrace
