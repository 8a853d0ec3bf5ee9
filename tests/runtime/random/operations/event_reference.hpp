#pragma once

#include "runtime/random/operation.hpp"

#include <limits>

namespace millrace::test::reference {

/// A record with its event time, the batch in which it came and the watermark before that batch.
template <class Key>
struct event {
  Key key;
  number value;
  number time;
  std::size_t batch;
  number watermark_before;
};

/// A stream by event time.
template <class Key>
struct event_history {
  std::vector<event<Key>> events;
  std::vector<number> watermarks; ///< Up to each batch, its records included.
};

inline constexpr number no_watermark = std::numeric_limits<number>::min();

/// `time_of(value, second)` is the event time of a record.
template <class Pairs, class TimeOf>
auto with_times(const batches_of<Pairs>& in, number disorder, TimeOf time_of) {
  event_history<typename Pairs::value_type::first_type> out;
  number watermark = no_watermark;
  for (std::size_t b = 0; b < in.size(); ++b) {
    auto before = watermark;
    if (in[b])
      for (auto& [k, v] : *in[b]) {
        auto time = time_of(v, static_cast<number>(b + 1));
        out.events.push_back({k, v, time, b, before});
        watermark = std::max(watermark, time - disorder);
      }
    out.watermarks.push_back(watermark);
  }
  return out;
}

inline number event_result(number start, number end, const numbers& values) {
  return one_number(start, one_number(end, digest(values)));
}

struct window_shape {
  number size;
  number slide;
  number lateness;
};

/// Start of the latest window that contains `time`.
inline number latest_start(number time, number slide) {
  return time - (time % slide + slide) % slide;
}

/// The results of all windows at each due batch, and the late records in the form of `late`.
template <class Key, class Late, class Result = decltype(&event_result)>
batches_of<std::vector<std::pair<Key, number>>>
fixed_windows(const event_history<Key>& in, const parameters& p, window_shape shape, Late late,
              Result result = event_result) {
  batches_of<std::vector<std::pair<Key, number>>> out(in.watermarks.size());
  /// (start, key) -> the values of all records that counted up to this batch.
  std::map<std::pair<number, Key>, numbers> windows;
  for (std::size_t b = 0; b < out.size(); ++b) {
    if (!p.due(b))
      continue;
    out[b].emplace();
    auto before = b == 0 ? no_watermark : in.watermarks[b - 1];
    std::map<std::pair<number, Key>, bool> touched;
    for (auto& e : in.events) {
      if (e.batch != b)
        continue;
      bool counted = false;
      for (auto start = latest_start(e.time, shape.slide); start + shape.size > e.time;
           start -= shape.slide)
        if (before == no_watermark || start + shape.size + shape.lateness > before) {
          windows[{start, e.key}].push_back(e.value);
          touched[{start, e.key}] = counted = true;
        }
      if (!counted)
        late(*out[b], e);
    }
    for (auto& [at, values] : windows) {
      auto end = at.first + shape.size;
      bool fires = end <= in.watermarks[b] && (before == no_watermark || end > before);
      bool again = before != no_watermark && end <= before && touched.contains(at);
      if (fires || again)
        out[b]->emplace_back(at.second, result(at.first, end, values));
    }
  }
  return out;
}

/// Sessions of a stream on which nothing is late, each in the batch in which the watermark reaches
/// its end.
template <class Key, class Result = decltype(&event_result)>
batches_of<std::vector<std::pair<Key, number>>> sessions(const event_history<Key>& in,
                                                         const parameters& p, number gap,
                                                         Result result = event_result) {
  batches_of<std::vector<std::pair<Key, number>>> out(in.watermarks.size());
  for (std::size_t b = 0; b < out.size(); ++b)
    if (p.due(b))
      out[b].emplace();
  std::map<Key, std::vector<event<Key>>> by_key;
  for (auto& e : in.events)
    by_key[e.key].push_back(e);
  for (auto& [k, events] : by_key) {
    std::ranges::stable_sort(events, {}, [](auto& e) { return e.time; });
    for (std::size_t i = 0; i < events.size();) {
      auto start = events[i].time;
      numbers values;
      do
        values.push_back(events[i++].value);
      while (i < events.size() && events[i].time - events[i - 1].time < gap);
      auto end = events[i - 1].time + gap;
      for (std::size_t b = 0; b < out.size(); ++b)
        if (in.watermarks[b] >= end) {
          out[b]->emplace_back(k, result(start, end, values));
          break;
        }
    }
  }
  return out;
}

/// Every pair of records of one key, none of them late, with left + lower <= right <= left + upper,
/// in the batch of the later one.
template <class Key>
batches_of<std::vector<std::pair<Key, number>>>
interval_join(const event_history<Key>& left, const event_history<Key>& right, const parameters& p,
              number lower, number upper) {
  batches_of<std::vector<std::pair<Key, number>>> out(left.watermarks.size());
  for (std::size_t b = 0; b < out.size(); ++b)
    if (p.due(b))
      out[b].emplace();
  auto late = [](auto& e) {
    return e.watermark_before != no_watermark && e.time < e.watermark_before;
  };
  std::map<Key, std::vector<const event<Key>*>> rights;
  for (auto& r : right.events)
    if (!late(r))
      rights[r.key].push_back(&r);
  for (auto& l : left.events)
    if (!late(l))
      for (auto* r : rights[l.key])
        if (l.time + lower <= r->time && r->time <= l.time + upper)
          append(*out[std::max(l.batch, r->batch)], {{l.key, one_number(l.value, r->value)}});
  return out;
}

} // namespace millrace::test::reference
