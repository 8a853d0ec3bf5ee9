#pragma once

#include "millrace/stage/combine.hpp"
#include "millrace/stage/scatter.hpp"

namespace millrace {

/// Downstream half of `group_by_key`, and of `combine_by_key` without map-side combining: builds
/// the combiners from whole records, in upstream order, with the hashes computed upstream.
template <class K, class V, class C, class Agg>
class group_reader final : public exchange_reader {
public:
  group_reader(op_info_ptr info, consumer<std::pair<K, C>>& down, Agg aggregate)
      : info_{std::move(info)}, down_{down}, aggregate_{std::move(aggregate)} {}

  bool read(batch_context& context, const exchange_input& input) override {
    out_.begin_batch();
    down_.begin(context);
    down_.open({0, input.partition});
    keyed_table<K, C> groups{context.seed, key_policy::borrow};
    for (auto& slot : input.slots)
      add(groups, static_cast<const records_payload<std::pair<K, V>>&>(*slot));
    for (auto& e : groups.entries()) {
      if (out_.full())
        flush();
      out_.emplace(std::move(e.key), std::move(e.value));
    }
    flush();
    down_.close();
    down_.end();
    return true;
  }

private:
  void add(keyed_table<K, C>& groups, const records_payload<std::pair<K, V>>& input) {
    guarded(*info_, [&] {
      auto& items = input.items;
      groups.upsert(
          items.size(), input.hashes.data(),
          [&](std::size_t i) -> const K& { return items[i].first; },
          [&](std::size_t i) -> C { return aggregate_.create(V(items[i].second)); },
          [&](C& c, std::size_t i) { aggregate_.merge_value(c, V(items[i].second)); });
    });
  }

  void flush() {
    if (!out_.empty())
      down_.consume(out_.records());
    out_.clear();
  }

  op_info_ptr info_;
  consumer<std::pair<K, C>>& down_;
  Agg aggregate_;
  chunk_buffer<std::pair<K, C>> out_;
};

} // namespace millrace
