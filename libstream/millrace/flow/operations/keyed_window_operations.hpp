#pragma once

#include "millrace/flow/checks.hpp"
#include "millrace/flow/keyed_exchange.hpp"
#include "millrace/stage/keyed_window_reader.hpp"
#include "millrace/window/inverse_keyed_window.hpp"
#include "millrace/window/keyed_window.hpp"

#include <concepts>
#include <functional>
#include <source_location>

namespace millrace {

/// The windowed operations of a stream of pairs; see window_operations. Results own their keys.
template <class K, class V>
class keyed_window_operations {
  using here = std::source_location;
  using pair = std::pair<K, V>;
  using owned_key = owned_t<K>;
  using value = owned_t<V>;

public:
  /// For each key of the window f over its values, batch after batch. f must be associative, and
  /// commutative within a batch. A batch costs the keys that it brings, those that leave with
  /// the batch it drives out and those of one or two batches in the middle of the window, whatever
  /// its length; emitting costs the keys of the window.
  template <class F, partitions_for<K> P = std::uint32_t>
  auto reduce_by_key_and_window(F f, duration length, std::optional<duration> slide = std::nullopt,
                                P partitions = P{}, here site = here::current()) const {
    check_reduces<F, value>();
    auto combine = in_type(f);
    using window = keyed_window<K, value, decltype(combine)>;
    return windowed<window>(f, length, slide, std::move(partitions), site,
                            [combine](duration window_length, hash_seed seed) {
                              return window{window_length, seed, combine};
                            });
  }

  /// As above; `inverse(total, oldest)` takes a value away again. `keep(key, value)` says which
  /// keys are sent; one that it rejects is forgotten once no batch of the window contains it. A
  /// test of zero will do: `keep_unless_zero{}`, or `keep_unless_zero{is_zero}` with
  /// `is_zero(value)`. Without it every key ever seen stays.
  template <class F, class Inverse, partitions_for<K> P = std::uint32_t,
            class Keep = keep_every_key>
  requires std::invocable<Inverse&, value, value>
  auto reduce_by_key_and_window(F f, Inverse inverse, duration length,
                                std::optional<duration> slide = std::nullopt, P partitions = P{},
                                Keep keep = {}, here site = here::current()) const {
    check_reduces<F, value>();
    check_reduces<Inverse, value>();
    auto combine = in_type(f);
    auto take_away = in_type(inverse);
    using window = inverse_keyed_window<K, value, decltype(combine), decltype(take_away), Keep>;
    return keeping_state(
        windowed<window>(f, length, slide, std::move(partitions), site,
                         [combine, take_away, keep](duration window_length, hash_seed seed) {
                           return window{window_length, seed, combine, take_away, keep};
                         }));
  }

  /// All values of each key of the window, batch after batch.
  template <partitions_for<K> P = std::uint32_t>
  auto group_by_key_and_window(duration length, std::optional<duration> slide = std::nullopt,
                               P partitions = P{}, here site = here::current()) const {
    static_assert(keyable<K>,
                  "the key type needs a hash (std::hash or millrace_hash) and operator==");
    auto info = stream_access::describe_new(self(), "group_by_key_and_window", site);
    checked_window(*info, length, slide, stream_access::node(self())->slide());
    auto partitioner = checked_partitioner(self(), *info, std::move(partitions));
    auto records = self().partition_by(partitioner, site).window(length, slide, site);
    return stream_access::as_part(records, records.group_by_key(partitioner, site));
  }

private:
  const dstream<pair>& self() const { return static_cast<const dstream<pair>&>(*this); }

  template <class F>
  static auto in_type(F f) {
    return [f](const value& a, const value& b) mutable -> value {
      return as_stored<value>(std::invoke(f, a, b));
    };
  }

  template <class Window, class F, class P, class Make>
  auto windowed(F f, duration length, std::optional<duration> slide, P partitions, here site,
                Make make) const {
    static_assert(keyable<K>,
                  "the key type needs a hash (std::hash or millrace_hash) and operator==");
    auto info = stream_access::describe_new(self(), "reduce_by_key_and_window", site);
    auto times = checked_window(*info, length, slide, stream_access::node(self())->slide());
    auto partitioner = checked_partitioner(self(), *info, std::move(partitions));
    auto aggregate = owned_reduction<V>(f);
    using out = std::pair<owned_key, value>;
    exchange_traits traits{.partitions = partitioner.partitions,
                           .absorbs_absence = true,
                           .works_when_empty = true,
                           .keeps_state = true};
    auto reader = [=](auto& who, consumer<out>& down) {
      using type = keyed_window_reader<K, value, owned_key, decltype(aggregate), Window>;
      return make_part<type>(who, down, times, aggregate,
                             [make, times](hash_seed seed) { return make(times.length, seed); });
    };
    return stream_access::exchange<out>(stream_access::builder(self()), info,
                                        {combined<value>(self(), aggregate, partitioner)}, traits,
                                        reader, partitioning_of(partitioner), times.slide);
  }
};

} // namespace millrace
