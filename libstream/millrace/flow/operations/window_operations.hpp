#pragma once

#include "millrace/chunk/owned.hpp"
#include "millrace/codec/codec.hpp"
#include "millrace/flow/checks.hpp"
#include "millrace/flow/stream_access.hpp"
#include "millrace/op/map.hpp"
#include "millrace/stage/collect.hpp"
#include "millrace/stage/fold.hpp"
#include "millrace/stage/fold_window_reader.hpp"
#include "millrace/stage/window_reader.hpp"
#include "millrace/window/inverse_keyed_window.hpp"
#include "millrace/window/window_fold.hpp"

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <source_location>

namespace millrace {

/// The windowed operations of a stream; base class of dstream<T>.
///
/// A window covers the batches of the last `length` and slides by `slide` (absent: with every
/// batch of the stream); both are multiples of the stream's own slide. Before the first `length`
/// has passed it covers what there is. Batches that an input does not have are left out.
template <class T>
class window_operations {
  using here = std::source_location;

public:
  /// The records of the last `length`, batch after batch. Views among them point to text that the
  /// window owns: what it does not hold of the blocks that came in is free when their batch is
  /// done.
  dstream<T> window(duration length, std::optional<duration> slide = std::nullopt,
                    here site = here::current()) const {
    auto [info, times] = checked("window", length, slide, site);
    auto& from = stream_access::node(self());
    exchange_parent parent{from, [](auto&) { return make_part<collect_writer<T, T>>(); }, true};
    // As in Spark a window keeps its parent: the payloads are held in memory as they came.
    if (auto& level = from->settings().level; !level.is_kept())
      level = codec_for<owned_t<T>> ? storage_levels::memory_only_ser : storage_levels::memory_only;
    auto made = stream_access::exchange<T>(
        stream_access::builder(self()), info, {std::move(parent)}, window_traits(0),
        [times = times](auto&, consumer<T>& down) {
          return make_part<window_reader<T>>(down, times);
        },
        from->partitioned(), times.slide);
    stream_access::node(made)->settings().window = times.length;
    return made;
  }

  /// One record f(f(a, b), c)... over the window; none when it is empty. f must be associative, and
  /// commutative within a batch. The cost of a slide does not depend on the length.
  template <class F>
  auto reduce_by_window(F f, duration length, std::optional<duration> slide = std::nullopt,
                        here site = here::current()) const {
    check_reduces<F, owned_t<T>>();
    auto combine = in_type(f);
    return folded(f, length, slide, site, [combine](duration window) {
      return window_fold<owned_t<T>, decltype(combine)>{window, combine};
    });
  }

  /// As above; `inverse(total, oldest)` takes the oldest batch away again.
  template <class F, class Inverse>
  requires std::invocable<Inverse&, owned_t<T>, owned_t<T>>
  auto reduce_by_window(F f, Inverse inverse, duration length,
                        std::optional<duration> slide = std::nullopt,
                        here site = here::current()) const {
    check_reduces<F, owned_t<T>>();
    check_reduces<Inverse, owned_t<T>>();
    auto combine = in_type(f);
    auto take_away = in_type(inverse);
    return keeping_state(folded(f, length, slide, site, [combine, take_away](duration window) {
      return inverse_window_fold<owned_t<T>, decltype(combine), decltype(take_away)>{
          window, combine, take_away};
    }));
  }

  /// One record: the number of records in the window, also when it is 0.
  auto count_by_window(duration length, std::optional<duration> slide = std::nullopt,
                       here site = here::current()) const {
    checked("count_by_window", length, slide, site);
    using plus = std::plus<std::int64_t>;
    using minus = std::minus<std::int64_t>;
    auto make_fold = [](duration window) {
      return inverse_window_fold<std::int64_t, plus, minus>{window};
    };
    return keeping_state(
        self().count(site).folded(plus{}, length, slide, site, make_fold, std::int64_t{0}));
  }

  /// (value, how often) for each different record of the window.
  auto count_by_value_and_window(duration length, std::optional<duration> slide = std::nullopt,
                                 std::uint32_t partitions = 0, here site = here::current()) const {
    static_assert(keyable<T>,
                  "the record type needs a hash (std::hash or millrace_hash) and operator==");
    checked("count_by_value_and_window", length, slide, site);
    return self()
        .map(
            [](const T& value) {
              return std::pair<T, std::int64_t>{value, 1};
            },
            site)
        .reduce_by_key_and_window(std::plus<std::int64_t>{}, std::minus<std::int64_t>{}, length,
                                  slide, partitions, keep_unless_zero{}, site);
  }

protected:
  static constexpr exchange_traits window_traits(std::uint32_t partitions) {
    return {.partitions = partitions,
            .absorbs_absence = true,
            .works_when_empty = true,
            .keeps_state = true};
  }

private:
  const dstream<T>& self() const { return static_cast<const dstream<T>&>(*this); }

  struct checked_times {
    std::shared_ptr<op_info> info;
    window_times times;
  };

  checked_times checked(const char* operation, duration length, std::optional<duration> slide,
                        here site) const {
    auto info = stream_access::describe_new(self(), operation, site);
    auto times = checked_window(*info, length, slide, stream_access::node(self())->slide());
    return {std::move(info), times};
  }

  /// `f` with results of the record type itself.
  template <class F>
  static auto in_type(F f) {
    return [f](const owned_t<T>& a, const owned_t<T>& b) mutable -> owned_t<T> {
      return as_stored<owned_t<T>>(std::invoke(f, a, b));
    };
  }

  /// `of_nothing`: the record of a window that holds none.
  template <class F, class MakeFold>
  dstream<owned_t<T>> folded(F f, duration length, std::optional<duration> slide, here site,
                             MakeFold make_fold,
                             std::optional<owned_t<T>> of_nothing = std::nullopt) const {
    auto [info, times] = checked("reduce_by_window", length, slide, site);
    if constexpr (contains_view_v<T>) {
      return self()
          .map([](const T& record) { return to_owned(record); }, site)
          .folded(f, length, slide, site, make_fold);
    } else {
      using fold = decltype(make_fold(length));
      exchange_parent parent{stream_access::node(self()),
                             [f](auto& who) { return make_part<reduce_writer<T, F>>(who, f); }};
      return stream_access::exchange<T>(
          stream_access::builder(self()), info, {std::move(parent)}, window_traits(1),
          [times = times, f, make_fold, of_nothing](auto& who, consumer<T>& down) {
            return make_part<fold_window_reader<T, F, fold>>(who, down, times, f,
                                                             make_fold(times.length), of_nothing);
          },
          {}, times.slide);
    }
  }

  template <class>
  friend class window_operations;
};

} // namespace millrace
