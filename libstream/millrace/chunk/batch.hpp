#pragma once

#include "millrace/base/error.hpp"
#include "millrace/base/executor.hpp"
#include "millrace/chunk/batch_join.hpp"
#include "millrace/chunk/hash_seed.hpp"
#include "millrace/chunk/key_hash.hpp"
#include "millrace/chunk/keyed_table.hpp"
#include "millrace/chunk/stored.hpp"

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace {

namespace detail {
template <class T>
struct pair_parts {};
template <class K, class V>
struct pair_parts<std::pair<K, V>> {
  using key = K;
  using value = V;
};
} // namespace detail

/// Pairs have the keyed operations.
template <class T>
concept pair_like = requires { typename detail::pair_parts<T>::key; };

/// An immutable collection of records in partitions, with eager parallel operations: what
/// `for_each_batch` gives to the user, and what `queue_stream` takes. To Millrace what an RDD is to
/// Spark.
///
/// Copies share the records; safe to read from any thread. Operations run on the executor of the
/// runtime that made the batch (a batch made by the user runs on the calling thread), keep the
/// order of elements and partitions unless said otherwise, and rethrow what a user's function
/// throws. What they return keeps alive the records that its views may point into.
template <class T>
class batch {
  static_assert(!std::is_same_v<T, bool>, "use char or an enum instead of bool as a record type");

public:
  using value_type = T;
  using partition_list = std::vector<std::vector<T>>;

  /// One empty partition.
  batch() : batch(partition_list(1)) {}
  batch(std::initializer_list<T> records) : batch(std::vector<T>(records)) {}

  /// Divides the records, in order, into `partitions` nearly equal parts.
  explicit batch(std::vector<T> records, std::size_t partitions = 1)
      : batch(divide(std::move(records), partitions)) {}

  /// `seed` keys the hash tables of the keyed operations; runtimes pass their job's.
  explicit batch(partition_list partitions,
                 std::shared_ptr<parallel_executor> executor = make_sequential_executor(),
                 hash_seed seed = {0x9e3779b97f4a7c15})
      : partitions_{std::make_shared<const partition_list>(std::move(partitions))},
        executor_{std::move(executor)},
        seed_{seed} {}

  std::size_t partitions() const noexcept { return partitions_->size(); }
  const std::vector<T>& partition(std::size_t i) const { return partitions_->at(i); }
  /// As `partition`, keeping the records and what their views point into alive.
  std::shared_ptr<const std::vector<T>> shared_partition(std::size_t i) const {
    return {records_and_text(), &partitions_->at(i)};
  }
  const std::shared_ptr<parallel_executor>& executor() const noexcept { return executor_; }

  std::size_t size() const noexcept {
    std::size_t n = 0;
    for (auto& p : *partitions_)
      n += p.size();
    return n;
  }
  bool empty() const noexcept { return size() == 0; }

  /// All records in order.
  std::vector<T> collect() const { return take(size()); }

  /// The first n records, or all if there are fewer.
  std::vector<T> take(std::size_t n) const {
    std::vector<T> out;
    out.reserve(std::min(n, size()));
    for (auto& p : *partitions_) {
      auto wanted = static_cast<std::ptrdiff_t>(std::min(n - out.size(), p.size()));
      out.insert(out.end(), p.begin(), p.begin() + wanted);
    }
    return out;
  }

  /// Calls f(record) for every record; partitions in parallel, so f must be thread-safe.
  template <class F>
  void for_each(F f) const {
    executor_->run_all(partitions(), [&](std::size_t i) {
      for (auto& record : (*partitions_)[i])
        std::invoke(f, record);
    });
  }

  template <class F>
  auto map(F f) const {
    using out = std::decay_t<std::invoke_result_t<F&, const T&>>;
    return per_partition<out>([&](const std::vector<T>& in, std::vector<out>& to) {
      to.reserve(in.size());
      for (auto& record : in)
        to.push_back(std::invoke(f, record));
    });
  }

  template <class F>
  batch filter(F predicate) const {
    return per_partition<T>([&](const std::vector<T>& in, std::vector<T>& to) {
      for (auto& record : in)
        if (std::invoke(predicate, record))
          to.push_back(record);
    });
  }

  /// f must be associative; partitions are combined in order. Nothing for an empty batch. The
  /// result owns its text.
  template <class F>
  auto reduce(F f) const {
    check_reduces<F, T>();
    using out = owned_t<reduced_t<F, T>>;
    std::vector<std::optional<out>> partial(partitions());
    executor_->run_all(partitions(), [&](std::size_t i) {
      for (auto& record : (*partitions_)[i])
        fold_into(partial[i], record, f);
    });
    std::optional<out> total;
    for (auto& p : partial)
      if (p)
        fold_into(total, *p, f);
    return total;
  }

  /// One pair for each distinct key, in no particular order; as many partitions as this batch.
  template <class F>
  requires pair_like<T>
  auto reduce_by_key(F f) const {
    using key = typename detail::pair_parts<T>::key;
    using value = typename detail::pair_parts<T>::value;
    check_reduces<F, value>();
    using result = reduced_t<F, value>;
    using table = keyed_table<key, result>;
    static_assert(keyable<key>,
                  "the key type needs a hash (std::hash or millrace_hash) and operator==");
    auto add = [&f](table& to, const key& k, std::uint64_t hash, const auto& v) {
      to.upsert(
          1, &hash, [&](std::size_t) -> const key& { return k; },
          [&](std::size_t) -> result { return reduce_start<result>(v); },
          [&](result& sum, std::size_t) { reduce_into<value>(f, sum, v); });
    };
    std::vector<std::optional<table>> partial(partitions());
    executor_->run_all(partitions(), [&](std::size_t i) {
      partial[i].emplace(seed_, key_policy::borrow);
      for (auto& [k, v] : (*partitions_)[i])
        add(*partial[i], k, key_hash<key>{}(k, seed_), v);
    });
    auto targets = static_cast<std::uint32_t>(partitions());
    std::vector<std::vector<std::pair<key, result>>> out(targets);
    executor_->run_all(targets, [&](std::size_t p) {
      table merged{seed_, key_policy::borrow};
      for (auto& from : partial)
        for (auto& e : std::as_const(*from).entries())
          if (route(e.hash, targets) == p)
            add(merged, e.key, e.hash, e.value);
      for (auto& e : merged.entries())
        out[p].emplace_back(std::move(e.key), std::move(e.value));
    });
    return made(std::move(out));
  }

  /// Sorted by `key(record)` over all partitions; equal keys keep their order.
  template <class Key>
  batch sort_by(Key key, bool ascending = true) const {
    auto less = [&](const T& a, const T& b) {
      return ascending ? std::invoke(key, a) < std::invoke(key, b)
                       : std::invoke(key, b) < std::invoke(key, a);
    };
    auto sorted = per_partition<T>([&](const std::vector<T>& in, std::vector<T>& to) {
      to = in;
      std::stable_sort(to.begin(), to.end(), less);
    });
    std::vector<T> all;
    all.reserve(size());
    for (auto& p : *sorted.partitions_) {
      auto middle = static_cast<std::ptrdiff_t>(all.size());
      all.insert(all.end(), p.begin(), p.end());
      std::inplace_merge(all.begin(), all.begin() + middle, all.end(), less);
    }
    return made(divide(std::move(all), std::max<std::size_t>(partitions(), 1)));
  }

  /// Each different record once, in no particular order.
  batch distinct() const {
    static_assert(keyable<T>,
                  "the record type needs a hash (std::hash or millrace_hash) and operator==");
    return map([](const T& record) {
             return std::pair<T, char>{record, 0};
           })
        .reduce_by_key([](char a, char) { return a; })
        .map([](const std::pair<T, char>& p) { return p.first; });
  }

  /// (key, (v, w)) for every pair of records with equal keys, in no particular order.
  template <class W>
  auto join(const batch<W>& other) const {
    return joined<join_kind::inner>(other);
  }
  /// As join; a record here without a partner comes with nothing.
  template <class W>
  auto left_outer_join(const batch<W>& other) const {
    return joined<join_kind::left_outer>(other);
  }
  template <class W>
  auto right_outer_join(const batch<W>& other) const {
    return joined<join_kind::right_outer>(other);
  }
  template <class W>
  auto full_outer_join(const batch<W>& other) const {
    return joined<join_kind::full_outer>(other);
  }

  /// The records of both, this one's partitions first.
  batch union_with(const batch& other) const {
    partition_list all = *partitions_;
    all.insert(all.end(), other.partitions_->begin(), other.partitions_->end());
    return made(std::move(all), other.behind_views());
  }

private:
  template <class>
  friend class batch;

  static partition_list divide(std::vector<T> records, std::size_t partitions) {
    if (partitions == 0)
      throw stream_error{errc::invalid_argument, "a batch needs at least 1 partition, not 0"};
    if (partitions == 1) {
      partition_list one(1);
      one.front() = std::move(records);
      return one;
    }
    partition_list out(partitions);
    for (std::size_t i = 0; i < partitions; ++i) {
      auto from = static_cast<std::ptrdiff_t>(i * records.size() / partitions);
      auto to = static_cast<std::ptrdiff_t>((i + 1) * records.size() / partitions);
      out[i].assign(std::make_move_iterator(records.begin() + from),
                    std::make_move_iterator(records.begin() + to));
    }
    return out;
  }

  template <join_kind Kind, class U>
  requires pair_like<T> && pair_like<U>
  auto joined(const batch<U>& other) const {
    static_assert(keyable<typename detail::pair_parts<T>::key>,
                  "the key type needs a hash (std::hash or millrace_hash) and operator==");
    auto out = detail::join_partitions<Kind>(*partitions_, *other.partitions_, *executor_, seed_);
    return made(std::move(out), other.behind_views());
  }

  template <class Out, class Body>
  batch<Out> per_partition(Body body) const {
    std::vector<std::vector<Out>> out(partitions());
    executor_->run_all(partitions(), [&](std::size_t i) { body((*partitions_)[i], out[i]); });
    return made(std::move(out));
  }

  using owner = std::shared_ptr<const void>;

  static owner both(owner a, owner b) {
    if (!a || a == b)
      return b;
    if (!b)
      return a;
    return std::make_shared<const std::pair<owner, owner>>(std::move(a), std::move(b));
  }
  owner records_and_text() const { return both(partitions_, text_); }
  /// What views made from these records may point into: their own text, unless they are views.
  owner behind_views() const {
    return std::is_same_v<T, std::string_view> ? text_ : records_and_text();
  }

  /// The result of an operation on this batch, and on another one that `other` keeps alive.
  template <class Out>
  batch<Out> made(std::vector<std::vector<Out>> out, owner other = nullptr) const {
    batch<Out> result{std::move(out), executor_, seed_};
    if constexpr (contains_view_v<Out>)
      result.text_ = both(behind_views(), std::move(other));
    return result;
  }

  template <class R, class Record, class F>
  static void fold_into(std::optional<R>& total, const Record& record, F& f) {
    if (!total) {
      total.emplace(reduce_start<R>(record));
      return;
    }
    R next = as_stored<R>(reduce_step<T>(f, *total, record));
    total.emplace(std::move(next));
  }

  std::shared_ptr<const partition_list> partitions_;
  std::shared_ptr<parallel_executor> executor_;
  hash_seed seed_;
  owner text_; ///< What views in the records point into; none that is known where it is null.
};

} // namespace millrace
