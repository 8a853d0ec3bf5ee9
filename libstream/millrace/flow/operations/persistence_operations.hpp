#pragma once

#include "millrace/chunk/owned.hpp"
#include "millrace/codec/codec.hpp"
#include "millrace/flow/kept_stream.hpp"
#include "millrace/flow/stream_access.hpp"
#include "millrace/persist/retained.hpp"
#include "millrace/stage/collect.hpp"

#include <memory>
#include <optional>
#include <source_location>
#include <utility>
#include <vector>

namespace millrace {

/// Keeps the batches of a stream as they are made.
template <class T>
class retaining_sink final : public output_sink {
public:
  explicit retaining_sink(std::shared_ptr<kept_batches<retained<T>>> to) : to_{std::move(to)} {}

  void run(const batch_context& context, const std::vector<payload_ptr>& slots,
           const std::shared_ptr<parallel_executor>& executor) override {
    if (!to_->wanted)
      return;
    to_->zero_ms = context.zero.ms();
    auto kept = to_->batches->add(context.time,
                                  batch<T>{ordered_partitions<T>(slots), executor, context.seed});
    to_->batches->forget(context.time); // also when it failed, or the batches before would stay
    if (!kept)
      throw stream_error{std::move(kept).error()};
    if (!to_->wanted)
      to_->batches->clear();
  }

private:
  std::shared_ptr<kept_batches<retained<T>>> to_;
};

/// Keeping the batches of a stream; base class of dstream<T>. A stream is computed once in each
/// batch whatever hangs on it, so keeping it serves `slice` alone.
template <class T>
class persistence_operations {
  using here = std::source_location;
  using record = owned_t<T>;

public:
  /// Keeps the batches of this stream at that level, as long as `remember` of the stream or of the
  /// context says, at least for one slide. On a windowed stream it keeps the parent, as in
  /// Spark, and as long as the window needs that. At NONE only what `remember` asks for is kept.
  const dstream<T>& persist(storage_level level = default_level(),
                            here site = here::current()) const {
    auto& builder = stream_access::builder(self());
    auto& target = persist_at(*builder, stream_access::node(self()), level, site);
    if (level.is_kept())
      dstream<T>{builder, target}.keep("persist", site);
    else if (target->settings().remember.is_zero())
      forget(*target);
    return self();
  }
  const dstream<T>& cache(here site = here::current()) const {
    return persist(default_level(), site);
  }
  /// Forgets what was kept, of a windowed stream's parent as `persist` says, and keeps no more;
  /// also while the job runs, when it cannot be persisted again.
  const dstream<T>& unpersist() const {
    auto& target = *persisted_node(stream_access::node(self()));
    target.settings().level = storage_levels::none;
    forget(target);
    return self();
  }
  storage_level level() const { return stream_access::node(self())->settings().level; }

  /// Keeps batches for `slice` until they are that old.
  const dstream<T>& remember(duration span, here site = here::current()) const {
    remember_for(*stream_access::builder(self()), *stream_access::node(self()), span, site);
    keep("remember", site);
    return self();
  }
  /// How long batches are kept for `slice`, its windowed children included; final once started.
  duration remember_duration() const { return stream_access::node(self())->settings().remember; }

  /// How often the state of this stream is to be written to a checkpoint: a multiple of its slide.
  const dstream<T>& checkpoint(duration interval, here site = here::current()) const {
    checkpoint_every(*stream_access::builder(self()), *stream_access::node(self()), interval, site);
    return self();
  }

  /// The version of what the state of this stream means, 1 if not given; before start. To be raised
  /// when states of the same type come to mean something else, so that old ones are not taken for
  /// new ones. Throws stream_error(invalid_argument) for 0, and for a stream that keeps no state.
  const dstream<T>& state_version(std::uint32_t version, here site = here::current()) const {
    set_state_version(*stream_access::builder(self()), *stream_access::node(self()), version, site);
    return self();
  }

  /// As `checkpoint` says; a stream that has a state gets an interval of at least 10 seconds at the
  /// start.
  std::optional<duration> checkpoint_interval() const {
    return stream_access::node(self())->settings().checkpoint;
  }

  /// The batches with times in [from, to]. Bounds between the stream's own times are taken down to
  /// the earlier one, with a warning. The stream must be kept (`persist` or `remember`) and the job
  /// must have started. Throws stream_error(illegal_state) otherwise, and limit_exceeded when a
  /// batch was dropped for want of memory. Any thread.
  std::vector<batch<record>> slice(batch_time from, batch_time to) const {
    auto& at = *stream_access::node(self());
    check_slice(*stream_access::builder(self()), at);
    auto kept = kept_stream::of(at);
    auto zero_ms = kept->zero_ms.load();
    if (zero_ms == kept_stream::not_yet)
      return {};
    auto times =
        own_times(*stream_access::builder(self()), at, interval{from, to}, batch_time{zero_ms});
    auto found = kept->batches->slice(times.begin(), times.end());
    if (!found)
      throw stream_error{std::move(found).error()};
    return std::move(*found);
  }
  std::vector<batch<record>> slice(const interval& times) const {
    return slice(times.begin(), times.end());
  }

private:
  using kept_stream = kept_batches<retained<record>>;

  const dstream<T>& self() const { return static_cast<const dstream<T>&>(*this); }

  static constexpr storage_level default_level() {
    return codec_for<record> ? storage_levels::memory_only_ser : storage_levels::memory_only;
  }

  static void forget(node& target) {
    auto kept = kept_stream::of(target);
    if (!kept)
      return;
    kept->wanted = false;
    if (kept->batches)
      kept->batches->clear();
    else
      target.settings().kept = nullptr;
  }

  /// The output that fills the store is added when the job starts, when all settings are known.
  void keep(const char* operation, here site) const {
    auto& node = *stream_access::node(self());
    if (node.settings().kept)
      return;
    auto holder = std::make_shared<kept_stream>();
    node.settings().kept = holder;
    auto add = [=, at = stream_access::node(self())](const auto& builder) {
      if (!holder->wanted)
        return;
      holder->batches =
          std::make_shared<retained<record>>(retained_options_of(*builder, *at), builder->files(),
                                             make_sequential_executor(), builder->log());
      stream_access::output(
          dstream<T>{builder, at}, operation, site, [] { return make_part<collect_writer<T>>(); },
          [holder](auto&) { return make_part<retaining_sink<record>>(holder); });
    };
    stream_access::builder(self())->at_start(std::move(add));
  }
};

} // namespace millrace
