#pragma once

#include "millrace/chunk/contains_view.hpp"
#include "millrace/chunk/owned.hpp"
#include "millrace/window/sparse_values.hpp"
#include "millrace/window/window_history.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace millrace::detail {

/// What one batch brought to a partition of a keyed window: for each key its id and its value.
template <class C>
struct batch_column {
  batch_time time;
  std::vector<std::uint32_t> ids;
  std::vector<C> values;

  void reserve(std::size_t n) {
    ids.reserve(n);
    values.reserve(n);
  }
  /// The memory stays.
  void clear() noexcept {
    ids.clear();
    values.clear();
  }
  std::size_t memory_bytes() const noexcept {
    return ids.capacity() * sizeof(std::uint32_t) + values.capacity() * sizeof(C);
  }
};

/// The columns of a window's batches (`window_history`), oldest first, with the memory of those
/// that left used again. `Column` is a `batch_column` or more. Single owner.
template <class Column>
class batch_columns {
public:
  using column = Column;

  explicit batch_columns(duration length) : history_{length} {}

  duration length() const noexcept { return history_.length(); }
  batch_time now() const { return history_.now(); }
  void begin(batch_time now) { history_.begin(now); }

  /// Takes the oldest column out of the window if the present batch's window no longer contains it,
  /// else null. It can be read until the next `open`.
  column* evict_expired() noexcept {
    column* const oldest = history_.expired();
    if (oldest != nullptr)
      history_.evict();
    return oldest;
  }

  /// Adds an empty column with room for `n` keys to the present batch.
  column& open(std::size_t n) {
    column fresh = take_spare(n);
    fresh.time = history_.now();
    fresh.reserve(with_slack(n));
    history_.make_room();
    bytes_ += fresh.memory_bytes();
    return history_.add(std::move(fresh));
  }

  void commit() noexcept {
    history_.commit([this](column& each) { recycle(each); });
  }
  bool rollback() noexcept {
    return history_.rollback([this](column& each) { recycle(each); });
  }

  /// Positions of columns: see window_history.
  std::uint32_t first() const noexcept { return history_.first(); }
  std::uint32_t last() const noexcept { return history_.last(); }
  column& operator[](std::uint32_t position) noexcept { return history_[position]; }

  template <class F>
  void for_each(F f) const {
    history_.for_each(std::move(f));
  }

  std::size_t memory_bytes() const noexcept {
    std::size_t spare = 0;
    for (const column& each : spares_)
      spare += each.memory_bytes();
    return bytes_ + spare + history_.memory_bytes();
  }

private:
  /// Much larger than needed would keep memory for ever.
  column take_spare(std::size_t n) noexcept {
    column& best = *std::ranges::max_element(
        spares_, {}, [](const column& each) { return each.ids.capacity(); });
    column taken = std::exchange(best, {});
    return fits(taken.ids.capacity(), n) ? std::move(taken) : column{};
  }

  void recycle(column& used) noexcept {
    bytes_ -= used.memory_bytes();
    used.clear();
    std::ranges::min_element(spares_, {}, [](const column& each) { return each.ids.capacity(); })
        ->
        operator=(std::move(used));
  }

  window_history<column> history_;
  std::array<column, 2> spares_;
  std::size_t bytes_ = 0;
};

/// What a keyed window asks of its input: distinct keys with their hashes and partial values, as
/// the entries of a `keyed_table`.
template <class Entry, class K, class C>
concept window_entry = requires(const Entry& entry) {
  { entry.hash } -> std::convertible_to<std::uint64_t>;
  { entry.key } -> std::convertible_to<const K&>;
  { entry.value } -> std::convertible_to<const C&>;
};

/// The form of a key that a store of owned keys can look up: text as it is, other keys with views
/// inside as owned ones.
template <class K>
decltype(auto) stored_form(const K& key) {
  if constexpr (std::is_same_v<K, std::string_view> || !contains_view_v<K>)
    return (key);
  else
    return to_owned(key);
}

/// Makes room for `n` more without giving up that a vector grows by factors.
template <class T>
void reserve_more(std::vector<T>& vector, std::size_t n) {
  const std::size_t needed = vector.size() + n;
  if (needed > vector.capacity())
    vector.reserve(std::max(needed, 2 * vector.size()));
}

/// Entries looked up at a time.
inline constexpr std::size_t entries_per_part = 512;

/// Looks up at most `entries_per_part` entries, fetched ahead of their use, and calls `visit(const
/// Entry&, id)` in order.
template <class K, class Store, class Entry, class Visit>
void probe_entries(Store& store, std::span<const Entry> part, Visit visit) {
  std::uint64_t hashes[entries_per_part];
  for (std::size_t i = 0; i < part.size(); ++i)
    hashes[i] = part[i].hash;
  store.probe(
      part.size(), hashes,
      [&](std::size_t i) -> decltype(auto) { return stored_form<K>(part[i].key); },
      [&](std::size_t i, std::uint32_t at) { visit(part[i], at); });
}

} // namespace millrace::detail
