#pragma once

#include "millrace/chunk/batch.hpp"
#include "millrace/chunk/chained_values.hpp"
#include "millrace/chunk/join_kind.hpp"
#include "millrace/chunk/owned.hpp"
#include "millrace/op/flat_map.hpp"

#include <array>
#include <concepts>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>

namespace millrace {

/// Values of a static side own their text as long as the job; records show a view of it where W is
/// one.
template <class W>
using shown_static = std::conditional_t<std::convertible_to<const owned_t<W>&, W>, W, owned_t<W>>;

/// The static side of a join, hashed once for all partitions of a job. Thread-safe.
template <class K, class W>
class static_side {
public:
  explicit static_side(batch<std::pair<K, W>> records) : records_{std::move(records)} {}

  const chained_values<K, W>& table(hash_seed seed) {
    std::call_once(made_, [&] {
      table_.emplace(seed);
      table_->reserve(records_.size());
      for (std::size_t p = 0; p < records_.partitions(); ++p)
        add(records_.partition(p), seed);
    });
    return *table_;
  }

private:
  void add(const std::vector<std::pair<K, W>>& records, hash_seed seed) {
    std::vector<std::uint64_t> hashes;
    hashes.reserve(records.size());
    for (auto& record : records)
      hashes.push_back(key_hash<K>{}(record.first, seed));
    table_->add(records, hashes.data());
  }

  batch<std::pair<K, W>> records_;
  std::once_flag made_;
  std::optional<chained_values<K, W>> table_;
};

/// `join` and `left_outer_join` with a static batch: each record meets the static records of its
/// key where it is; nothing moves. `SK` is the owned type of K.
template <join_kind Kind, class K, class V, class SK, class W>
class static_join_op final
    : public op<std::pair<K, V>, std::pair<K, joined_t<Kind, V, shown_static<W>>>> {
  static_assert(!keeps_right(Kind));

public:
  using kept = owned_t<W>;
  using shown = shown_static<W>;
  using out = std::pair<K, joined_t<Kind, V, shown>>;
  using base = op<std::pair<K, V>, out>;

  static_join_op(op_info_ptr info, consumer<out>& down, std::shared_ptr<static_side<SK, kept>> side)
      : base{std::move(info), down}, side_{std::move(side)}, emit_{out_, down} {}

  void begin(const batch_context& context) override {
    table_ = &side_->table(context.seed);
    seed_ = context.seed;
    out_.begin_batch();
    base::begin(context);
  }

  void consume(std::span<std::pair<K, V>> records) override {
    std::array<std::uint64_t, chunk_capacity<std::pair<K, V>>> hashes;
    guarded(this->info(), [&] {
      while (!records.empty()) {
        auto part = records.first(std::min(records.size(), hashes.size()));
        for (std::size_t i = 0; i < part.size(); ++i)
          hashes[i] = key_hash<K>{}(part[i].first, seed_);
        probe(part, hashes.data());
        records = records.subspan(part.size());
      }
    });
    emit_.flush();
  }

private:
  void probe(std::span<std::pair<K, V>> part, const std::uint64_t* hashes) {
    table_->probe(
        part.size(), hashes, [&](std::size_t i) -> const K& { return part[i].first; },
        [&](std::size_t i, auto* key) {
          if (key)
            table_->for_each_value(*key, [&](const kept& w) {
              emit_(out{part[i].first, {part[i].second, shown(w)}});
            });
          else if constexpr (keeps_left(Kind))
            emit_(out{part[i].first, {part[i].second, std::nullopt}});
        });
  }

  std::shared_ptr<static_side<SK, kept>> side_;
  const chained_values<SK, kept>* table_ = nullptr;
  hash_seed seed_;
  chunk_buffer<out> out_;
  emitter<out> emit_;
};

} // namespace millrace
