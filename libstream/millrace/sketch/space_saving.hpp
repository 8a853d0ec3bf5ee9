#pragma once

#include "millrace/chunk/kernel/slot_index.hpp"
#include "millrace/chunk/owned.hpp"
#include "millrace/codec/codec.hpp"
#include "millrace/codec/type_name.hpp"
#include "millrace/sketch/sketch_hash.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace {

namespace detail {

/// Throws stream_error(invalid_argument) unless it is from 1 to 2^20.
std::size_t checked_sketch_capacity(std::size_t capacity);
[[noreturn]] void throw_capacities_differ(std::size_t mine, std::size_t other);

template <class Q, class K>
concept other_text_than = is_text<Q> && is_text<K> && !std::is_same_v<Q, K>;

} // namespace detail

/// The heavy hitters of a stream: counts of at most `capacity` keys.
///
/// SpaceSaving (Metwally, Agrawal, El Abbadi, "Efficient Computation of Frequent and Top-k Elements
/// in Data Streams", ICDT 2005), merged as in Agarwal et al., "Mergeable Summaries" (PODS 2012).
/// With N the sum of all weights, in whatever way they were divided among sketches that were
/// merged:
///   - every key with a true count over N / capacity is among the items;
///   - an item's count is at least the true one and exceeds it by at most `error`, which is at most
///     `error_bound()`, which is at most N / capacity;
///   - a key that is not among the items has a true count of at most `error_bound()`.
///
/// Keys are hashed under the fixed `sketch_seed`; text keys are stored as owned strings. The same
/// calls in the same order give the same answers, also across encoding. Single owner.
template <keyable K>
class space_saving {
public:
  using key_type = owned_t<K>;

  struct item {
    key_type key;
    std::uint64_t count; ///< at least the true count
    std::uint64_t error; ///< count - error is at most the true count

    std::uint64_t guaranteed() const noexcept { return count - error; }
    friend bool operator==(const item&, const item&) = default;
  };

  static constexpr std::size_t max_capacity = std::size_t{1} << 20;

  /// Throws stream_error(invalid_argument) unless `capacity` is from 1 to 2^20.
  explicit space_saving(std::size_t capacity)
      : capacity_{detail::checked_sketch_capacity(capacity)} {}

  space_saving(space_saving&&) noexcept = default;
  space_saving& operator=(space_saving&&) noexcept = default;
  space_saving(const space_saving& other)
      : capacity_{other.capacity_},
        total_{other.total_},
        floor_{other.floor_},
        counters_{other.counters_},
        heap_{other.heap_} {
    index_.grow(counters_.size());
    for (std::size_t i = 0; i < counters_.size(); ++i)
      index_.insert(counters_[i].hash, i);
  }
  space_saving& operator=(const space_saving& other) { return *this = space_saving(other); }

  /// Counts a key `weight` times; a weight of 0 does nothing. Text may be given as view or string,
  /// whichever K is.
  void add(const K& key, std::uint64_t weight = 1) { add_any(key, weight); }
  template <detail::other_text_than<K> Q>
  void add(const Q& key, std::uint64_t weight = 1) {
    add_any(key, weight);
  }
  void add(std::span<const K> keys) {
    for (const K& key : keys)
      add(key);
  }

  /// Takes in what `other` has seen. Throws stream_error(invalid_argument) when it has another
  /// capacity, and changes nothing then.
  void merge(const space_saving& other);

  /// The n items with the greatest counts, descending; those of one count by their hashes.
  std::vector<item> top(std::size_t n) const;
  /// The items whose true count is certainly at least `threshold`, in that order. Those for which
  /// it is only possible are the other items with `count >= threshold`.
  std::vector<item> guaranteed(std::uint64_t threshold) const;
  /// The least and the greatest true count that a key can have.
  std::pair<std::uint64_t, std::uint64_t> bounds(const K& key) const {
    const counter* found = find(key, sketch_hash(key));
    return found ? std::pair{found->count - found->error, found->count}
                 : std::pair{std::uint64_t{0}, floor_};
  }

  /// N, the sum of all weights.
  std::uint64_t total() const noexcept { return total_; }
  /// The most that a count can be wrong by, and a key that is not among the items can have.
  std::uint64_t error_bound() const noexcept { return floor_; }
  std::size_t capacity() const noexcept { return capacity_; }
  std::size_t size() const noexcept { return counters_.size(); }
  /// Memory held; not what the keys own beyond their own size.
  std::size_t memory_bytes() const noexcept {
    return sizeof(*this) + counters_.capacity() * sizeof(counter) +
           heap_.capacity() * sizeof(std::uint32_t) + index_.memory_bytes();
  }

private:
  template <class T>
  friend struct codec;

  struct counter {
    std::uint64_t hash;
    key_type key;
    std::uint64_t count;
    std::uint64_t error;
    std::uint32_t place; // in heap_
  };

  template <class Q>
  const counter* find(const Q& key, std::uint64_t hash) const {
    return detail::slot_index::find(
        index_.slots(), hash, counters_.data(), [&](const counter& candidate) {
          return same_key_given_hash<key_hash<key_type>>(candidate.key, key);
        });
  }

  template <class Q>
  void add_any(const Q& key, std::uint64_t weight);
  void insert(counter added);
  void sink(std::size_t place);
  void rise(std::size_t place);
  void put(std::size_t place, std::uint32_t number) {
    heap_[place] = number;
    counters_[number].place = static_cast<std::uint32_t>(place);
  }
  std::uint64_t count_at(std::size_t place) const { return counters_[heap_[place]].count; }
  std::vector<item> sorted(std::uint64_t threshold) const;

  // Invariants: no count is below floor_; the counts and (capacity - size) * floor_ come to no more
  // than total_, hence floor_ <= total_ / capacity; no error is over floor_; a key without a
  // counter has come at most floor_ times.
  std::size_t capacity_;
  std::uint64_t total_ = 0;
  std::uint64_t floor_ = 0;
  std::vector<counter> counters_;
  std::vector<std::uint32_t> heap_; // numbers of counters, the least count first
  detail::slot_index index_;
};

template <keyable K>
template <class Q>
void space_saving<K>::add_any(const Q& key, std::uint64_t weight) {
  if (weight == 0)
    return;
  const std::uint64_t hash = sketch_hash(key);
  if (const counter* found = find(key, hash)) {
    counters_[static_cast<std::size_t>(found - counters_.data())].count += weight;
    total_ += weight;
    sink(found->place);
    return;
  }
  if (counters_.size() < capacity_) {
    insert({hash, key_type(to_owned(key)), floor_ + weight, floor_, 0});
    total_ += weight;
    return;
  }
  const std::uint32_t number = heap_.front();
  counter& least = counters_[number];
  key_type own(to_owned(key));
  index_.erase(least.hash, number);
  floor_ = least.count;
  least = {hash, std::move(own), least.count + weight, least.count, 0};
  index_.insert(hash, number);
  total_ += weight;
  sink(0);
}

template <keyable K>
void space_saving<K>::insert(counter added) {
  const std::size_t size = counters_.size() + 1;
  if (!index_.has_room_for(size))
    index_.grow(size);
  if (heap_.capacity() < size)
    heap_.reserve(2 * size);
  const std::uint64_t hash = added.hash;
  counters_.push_back(std::move(added));
  index_.insert(hash, size - 1);
  heap_.push_back(static_cast<std::uint32_t>(size - 1));
  rise(size - 1);
}

template <keyable K>
void space_saving<K>::sink(std::size_t place) {
  const std::uint32_t number = heap_[place];
  const std::uint64_t count = counters_[number].count;
  for (;;) {
    std::size_t child = 2 * place + 1;
    if (child >= heap_.size())
      break;
    if (child + 1 < heap_.size() && count_at(child + 1) < count_at(child))
      ++child;
    if (count_at(child) >= count)
      break;
    put(place, heap_[child]);
    place = child;
  }
  put(place, number);
}

template <keyable K>
void space_saving<K>::rise(std::size_t place) {
  const std::uint32_t number = heap_[place];
  for (; place != 0 && count_at((place - 1) / 2) > counters_[number].count; place = (place - 1) / 2)
    put(place, heap_[(place - 1) / 2]);
  put(place, number);
}

/// A key that one side lacks has come there at most floor_ times, which is added to both its count
/// and its error. Of the counters of both sides the greatest stay, and the floor rises to the
/// greatest of those that go, which keeps all invariants: what stays sums up to no more than the
/// total, because both sides' counts over their floors and capacity times both floors do.
template <keyable K>
void space_saving<K>::merge(const space_saving& other) {
  if (other.capacity_ != capacity_)
    detail::throw_capacities_differ(capacity_, other.capacity_);
  std::vector<counter> all = counters_;
  for (counter& each : all) {
    const counter* twin = other.find(each.key, each.hash);
    each.count += twin ? twin->count : other.floor_;
    each.error += twin ? twin->error : other.floor_;
  }
  for (const counter& each : other.counters_)
    if (!find(each.key, each.hash)) {
      all.push_back(each);
      all.back().count += floor_;
      all.back().error += floor_;
    }
  std::ranges::stable_sort(all, [](const counter& a, const counter& b) {
    return a.count != b.count ? a.count > b.count : a.hash < b.hash;
  });
  space_saving merged(capacity_);
  merged.total_ = total_ + other.total_;
  merged.floor_ = all.size() > capacity_ ? all[capacity_].count : floor_ + other.floor_;
  for (std::size_t i = std::min(all.size(), capacity_); i-- > 0;)
    merged.insert(std::move(all[i]));
  *this = std::move(merged);
}

template <keyable K>
std::vector<typename space_saving<K>::item> space_saving<K>::sorted(std::uint64_t threshold) const {
  std::vector<const counter*> chosen;
  for (const counter& each : counters_)
    if (each.count - each.error >= threshold)
      chosen.push_back(&each);
  std::ranges::sort(chosen, [](const counter* a, const counter* b) {
    return a->count != b->count ? a->count > b->count : a->hash < b->hash;
  });
  std::vector<item> items;
  items.reserve(chosen.size());
  for (const counter* each : chosen)
    items.push_back({each->key, each->count, each->error});
  return items;
}

template <keyable K>
std::vector<typename space_saving<K>::item> space_saving<K>::top(std::size_t n) const {
  std::vector<item> all = sorted(0);
  if (all.size() > n)
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(n), all.end());
  return all;
}

template <keyable K>
std::vector<typename space_saving<K>::item>
space_saving<K>::guaranteed(std::uint64_t threshold) const {
  return sorted(threshold);
}

template <keyable K>
struct type_name<space_saving<K>> {
  static std::string get() { return detail::enclosed("space_saving<", {type_name_of<K>()}, ">"); }
};

/// [capacity, total, floor, [[key, count, error], a heap with the least count first]].
template <keyable K>
struct codec<space_saving<K>> {
  using key_type = typename space_saving<K>::key_type;

  static void encode(encoder& out, const space_saving<K>& value)
  requires encodable<key_type>
  {
    out.begin_array(4);
    out.write_unsigned(value.capacity_);
    out.write_unsigned(value.total_);
    out.write_unsigned(value.floor_);
    out.begin_array(value.heap_.size());
    for (const std::uint32_t number : value.heap_) {
      const auto& each = value.counters_[number];
      out.begin_array(3);
      codec<key_type>::encode(out, each.key);
      out.write_unsigned(each.count);
      out.write_unsigned(each.error);
    }
  }

  static result<space_saving<K>> decode(decoder& in)
  requires decodable<key_type>
  {
    using stored = std::tuple<std::size_t, std::uint64_t, std::uint64_t,
                              std::vector<std::tuple<key_type, std::uint64_t, std::uint64_t>>>;
    auto read = codec<stored>::decode(in);
    if (!read)
      return tl::make_unexpected(std::move(read).error());
    auto& [capacity, total, floor, items] = *read;
    if (capacity < 1 || capacity > space_saving<K>::max_capacity || items.size() > capacity)
      return in.corrupt("a space_saving sketch has a capacity of " + std::to_string(capacity) +
                        " and " + std::to_string(items.size()) + " items; allowed are 1 to " +
                        std::to_string(space_saving<K>::max_capacity) + " and no more items");
    space_saving<K> value(capacity);
    value.total_ = total;
    value.floor_ = floor;
    std::uint64_t left = total;
    for (auto& [key, count, error] : items) {
      const std::size_t place = value.heap_.size();
      if (count > left || count < floor || error > floor || error > count ||
          (place != 0 && value.count_at((place - 1) / 2) > count))
        return in.corrupt("an item of a space_saving sketch has a count of " +
                          std::to_string(count) + " and an error of " + std::to_string(error) +
                          ", which cannot be after a total of " + std::to_string(total));
      left -= count;
      const std::uint64_t hash = sketch_hash(key);
      if (value.find(key, hash))
        return in.corrupt("a key comes twice in a space_saving sketch");
      value.insert({hash, std::move(key), count, error, 0});
    }
    if (capacity > items.size() && floor > left / (capacity - items.size()))
      return in.corrupt("a space_saving sketch has an error bound of " + std::to_string(floor) +
                        ", which is too large after a total of " + std::to_string(total));
    return value;
  }
};

} // namespace millrace
