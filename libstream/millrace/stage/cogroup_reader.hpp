#pragma once

#include "millrace/chunk/keyed_table.hpp"
#include "millrace/op/flat_map.hpp"
#include "millrace/stage/scatter.hpp"

#include <tuple>
#include <utility>
#include <vector>

namespace millrace {

/// Downstream half of `cogroup`: for each key of either side, all values of both, in upstream
/// order.
template <class K, class V, class W>
class cogroup_reader final : public exchange_reader {
public:
  using groups = std::pair<std::vector<V>, std::vector<W>>;
  using value_type = std::pair<K, groups>;

  cogroup_reader(op_info_ptr info, consumer<value_type>& down)
      : info_{std::move(info)}, down_{down}, emit_{out_, down} {}

  bool read(batch_context& context, const exchange_input& input) override {
    keyed_table<K, groups> table{context.seed, key_policy::borrow};
    for (std::size_t i = 0; i < input.slots.size(); ++i) {
      if (input.parents[i] == 0)
        add<0, V>(table, *input.slots[i]);
      else
        add<1, W>(table, *input.slots[i]);
    }
    out_.begin_batch();
    down_.begin(context);
    down_.open({0, input.partition});
    for (auto& e : table.entries())
      emit_(value_type{std::move(e.key), std::move(e.value)});
    emit_.flush();
    down_.close();
    down_.end();
    return true;
  }

private:
  template <std::size_t Side, class X>
  void add(keyed_table<K, groups>& table, const payload& from) {
    auto& records = static_cast<const records_payload<std::pair<K, X>>&>(from);
    guarded(*info_, [&] {
      table.upsert(
          records.items.size(), records.hashes.data(),
          [&](std::size_t i) -> const K& { return records.items[i].first; },
          [&](std::size_t i) {
            groups g;
            std::get<Side>(g).push_back(records.items[i].second);
            return g;
          },
          [&](groups& g, std::size_t i) { std::get<Side>(g).push_back(records.items[i].second); });
    });
  }

  op_info_ptr info_;
  consumer<value_type>& down_;
  chunk_buffer<value_type> out_;
  emitter<value_type> emit_;
};

} // namespace millrace
