#pragma once

#include "millrace/chunk/owned.hpp"
#include "millrace/flow/checks.hpp"
#include "millrace/flow/keyed_exchange.hpp"
#include "millrace/stage/cogroup_reader.hpp"
#include "millrace/stage/join_reader.hpp"
#include "millrace/stage/static_join.hpp"

#include <memory>
#include <source_location>

namespace millrace {

/// The operations on two streams of pairs with one key type. Both must have the same slide. A
/// stream that is already divided as the result shall be (see `partition_by`) is not moved.
template <class K, class V>
class join_operations {
  using here = std::source_location;
  using pair = std::pair<K, V>;

public:
  /// (key, (values here, values there)) for every key of either.
  template <class W, partitions_for<K> P = std::uint32_t>
  auto cogroup(const dstream<std::pair<K, W>>& other, P partitions = P{},
               here site = here::current()) const {
    return joined<cogroup_reader<K, V, W>>("cogroup", other, std::move(partitions), site);
  }

  /// (key, (v, w)) for every pair of records with equal keys.
  template <class W, partitions_for<K> P = std::uint32_t>
  auto join(const dstream<std::pair<K, W>>& other, P partitions = P{},
            here site = here::current()) const {
    return joined<join_reader<join_kind::inner, K, V, W>>("join", other, std::move(partitions),
                                                          site);
  }

  /// As join, and (key, (v, nothing)) for records here without a partner.
  template <class W, partitions_for<K> P = std::uint32_t>
  auto left_outer_join(const dstream<std::pair<K, W>>& other, P partitions = P{},
                       here site = here::current()) const {
    return joined<join_reader<join_kind::left_outer, K, V, W>>("left_outer_join", other,
                                                               std::move(partitions), site);
  }

  /// As join, and (key, (nothing, w)) for records there without a partner.
  template <class W, partitions_for<K> P = std::uint32_t>
  auto right_outer_join(const dstream<std::pair<K, W>>& other, P partitions = P{},
                        here site = here::current()) const {
    return joined<join_reader<join_kind::right_outer, K, V, W>>("right_outer_join", other,
                                                                std::move(partitions), site);
  }

  /// As join, and records of both sides without a partner.
  template <class W, partitions_for<K> P = std::uint32_t>
  auto full_outer_join(const dstream<std::pair<K, W>>& other, P partitions = P{},
                       here site = here::current()) const {
    return joined<join_reader<join_kind::full_outer, K, V, W>>("full_outer_join", other,
                                                               std::move(partitions), site);
  }

  /// Joins with records that are the same in every batch; nothing moves. Text of
  /// static values is copied. For outer joins that keep static records without a partner use
  /// `transform`.
  template <class W>
  auto join(const batch<std::pair<owned_t<K>, W>>& other, here site = here::current()) const {
    return with_static<join_kind::inner>("join", other, site);
  }
  template <class W>
  auto left_outer_join(const batch<std::pair<owned_t<K>, W>>& other,
                       here site = here::current()) const {
    return with_static<join_kind::left_outer>("left_outer_join", other, site);
  }

private:
  const dstream<pair>& self() const { return static_cast<const dstream<pair>&>(*this); }

  template <class Reader, class W, class P>
  auto joined(const char* operation, const dstream<std::pair<K, W>>& other, P partitions,
              here site) const {
    static_assert(keyable<K>,
                  "the key type needs a hash (std::hash or millrace_hash) and operator==");
    using out = typename Reader::value_type;
    auto info = stream_access::describe_new(self(), operation, site);
    auto partitioner = checked_partitioner(self(), *info, std::move(partitions));
    check_together(*info, {{stream_access::builder(self()), stream_access::node(self())},
                           {stream_access::builder(other), stream_access::node(other)}});
    exchange_traits traits{.partitions = partitioner.partitions,
                           .needs_parents = "Could not generate a batch from a parent of it"};
    return stream_access::exchange<out>(
        stream_access::builder(self()), info,
        {scattered(self(), partitioner), scattered(other, partitioner)}, traits,
        [](auto& who, consumer<out>& down) { return make_part<Reader>(who, down); },
        partitioning_of(partitioner));
  }

  /// Static records are kept as long as the job, and so own their text.
  template <class SK, class W>
  static auto kept(const batch<std::pair<SK, W>>& records) {
    if constexpr (contains_view_v<W>)
      return records.map([](const std::pair<SK, W>& record) { return to_owned(record); });
    else
      return records;
  }

  template <join_kind Kind, class SK, class W>
  auto with_static(const char* operation, const batch<std::pair<SK, W>>& other, here site) const {
    static_assert(keyable<K>,
                  "the key type needs a hash (std::hash or millrace_hash) and operator==");
    using op_type = static_join_op<Kind, K, V, SK, W>;
    using out = typename op_type::out;
    auto info = stream_access::describe_new(self(), operation, site);
    auto side = std::make_shared<static_side<SK, owned_t<W>>>(kept(other));
    return stream_access::narrow<out>(
        self(), info,
        [side](op_info_ptr who, consumer<out>& down) -> consumer_ptr {
          return make_part<op_type>(std::move(who), down, side);
        },
        stream_access::node(self())->partitioned());
  }
};

} // namespace millrace
