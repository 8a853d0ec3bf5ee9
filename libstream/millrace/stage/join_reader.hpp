#pragma once

#include "millrace/chunk/chained_values.hpp"
#include "millrace/chunk/join_kind.hpp"
#include "millrace/op/flat_map.hpp"
#include "millrace/stage/scatter.hpp"

#include <vector>

namespace millrace {

/// Downstream half of `join` and the outer joins: a hash join that builds on the left records and
/// probes with the right ones. Every pair of records with equal keys comes out once, in no promised
/// order.
template <join_kind Kind, class K, class V, class W>
class join_reader final : public exchange_reader {
public:
  using value = joined_t<Kind, V, W>;
  using value_type = std::pair<K, value>;

  join_reader(op_info_ptr info, consumer<value_type>& down)
      : info_{std::move(info)}, down_{down}, emit_{out_, down} {}

  bool read(batch_context& context, const exchange_input& input) override {
    out_.begin_batch();
    down_.begin(context);
    down_.open({0, input.partition});
    guarded(*info_, [&] { join(context, input); });
    emit_.flush();
    down_.close();
    down_.end();
    return true;
  }

private:
  using left_payload = records_payload<std::pair<K, V>>;
  using right_payload = records_payload<std::pair<K, W>>;

  using build_side = chained_values<K, V>;

  void join(const batch_context& context, const exchange_input& input) {
    build_side build{context.seed};
    std::size_t lefts = 0;
    for (std::size_t i = 0; i < input.slots.size(); ++i)
      if (input.parents[i] == 0)
        lefts += input.slots[i]->records();
    build.reserve(lefts);
    for (std::size_t i = 0; i < input.slots.size(); ++i)
      if (input.parents[i] == 0) {
        auto& left = static_cast<const left_payload&>(*input.slots[i]);
        build.add(left.items, left.hashes.data());
      }
    std::vector<bool> matched(keeps_left(Kind) ? build.keys() : 0);
    for (std::size_t i = 0; i < input.slots.size(); ++i)
      if (input.parents[i] == 1)
        probe(build, matched, static_cast<const right_payload&>(*input.slots[i]));
    if constexpr (keeps_left(Kind))
      emit_unmatched(build, matched);
  }

  void probe(const build_side& build, std::vector<bool>& matched, const right_payload& from) {
    build.probe(
        from.items.size(), from.hashes.data(),
        [&](std::size_t i) -> const K& { return from.items[i].first; },
        [&](std::size_t i, const typename build_side::entry* key) {
          auto& right = from.items[i];
          if (!key) {
            if constexpr (keeps_right(Kind))
              emit_(value_type{right.first, value{std::nullopt, right.second}});
            return;
          }
          if constexpr (keeps_left(Kind))
            matched[build.number(*key)] = true;
          build.for_each_value(*key, [&](const V& left) {
            emit_(value_type{right.first, value{left, right.second}});
          });
        });
  }

  void emit_unmatched(const build_side& build, const std::vector<bool>& matched) {
    for (auto& key : build.entries())
      if (!matched[build.number(key)])
        build.for_each_value(key, [&](const V& left) {
          emit_(value_type{key.key, value{left, std::nullopt}});
        });
  }

  op_info_ptr info_;
  consumer<value_type>& down_;
  chunk_buffer<value_type> out_;
  emitter<value_type> emit_;
};

} // namespace millrace
