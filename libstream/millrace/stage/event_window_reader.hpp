#pragma once

#include "millrace/chunk/chunk_buffer.hpp"
#include "millrace/codec/type_name.hpp"
#include "millrace/eventtime/event_options.hpp"
#include "millrace/eventtime/windowed.hpp"
#include "millrace/stage/event_exchange.hpp"

#include <functional>
#include <memory>

namespace millrace {

/// What an event-time window stage sends to its two streams.
template <class Result, class Late>
struct event_chunk {
  std::span<Result> results;
  std::span<Late> late;
};

/// That of the windows; late records are not kept.
template <class Result, class Late>
struct type_name<event_chunk<Result, Late>> : type_name<Result> {};

/// Downstream half of windows by event time: adds the batch's records to the partition's windows,
/// moves the watermark, and sends what fires; records that come too late go to the late stream.
///
/// `Windows` is a keyed_event_window or session_windows, made by `make(seed)` at the first batch.
template <class K, class V, class OK, class C, class Windows>
class event_window_reader final : public exchange_reader {
public:
  using result = std::pair<OK, windowed<C>>;
  using late = timestamped<std::pair<K, V>>;
  using chunk = event_chunk<result, late>;
  using factory = std::function<std::unique_ptr<Windows>(hash_seed)>;

  event_window_reader(op_info_ptr info, consumer<chunk>& down, watermark_options options,
                      factory make)
      : info_{std::move(info)}, down_{down}, watermark_{options}, make_{std::move(make)} {}

  bool read(batch_context& context, const exchange_input& input) override {
    if (!windows_)
      windows_ = make_(context.seed);
    watermark_.begin(context.time);
    for (auto& slot : input.slots)
      if (slot)
        watermark_.observe_greatest(static_cast<const event_payload<K, V>&>(*slot).greatest);
    windows_->begin(watermark_.value());
    results_.begin_batch();
    late_.begin_batch();
    down_.begin(context);
    down_.open({0, input.partition});
    guarded(*info_, [&] {
      for (auto& slot : input.slots)
        if (slot)
          add(static_cast<const event_payload<K, V>&>(*slot));
      windows_->fire([&](const OK& key, const event_window& w, const C& c) {
        if (results_.full())
          flush();
        results_.emplace(key, windowed<C>{w.start, w.end, c});
      });
    });
    flush();
    down_.close();
    down_.end();
    return true;
  }

  void commit() override {
    windows_->commit();
    watermark_.commit();
  }
  void rollback() override {
    if (windows_)
      windows_->rollback();
    watermark_.rollback();
  }

private:
  void add(const event_payload<K, V>& from) {
    for (std::size_t i = 0; i < from.items.size(); ++i) {
      auto& r = from.items[i];
      if (windows_->add(r.value.first, from.hashes[i], r.time, r.value.second) == arrival::kept)
        continue;
      if (late_.full())
        flush();
      late_.emplace(r);
    }
  }

  void flush() {
    if (results_.empty() && late_.empty())
      return;
    chunk both{results_.records(), late_.records()};
    down_.consume({&both, 1});
    results_.clear();
    late_.clear();
  }

  op_info_ptr info_;
  consumer<chunk>& down_;
  watermark watermark_;
  factory make_;
  std::unique_ptr<Windows> windows_;
  chunk_buffer<result> results_;
  chunk_buffer<late> late_;
};

} // namespace millrace
