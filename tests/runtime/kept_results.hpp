#pragma once

#include "runtime/engines.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// For tests of what users' functions return: lines of text whose bytes go with their batch.
namespace millrace::test {

using view = std::string_view;
using text = std::string;
using texts = std::vector<text>;
using keyed_text = std::pair<text, text>;

/// Longer than what a string holds in place, so that a view of one that has gone shows.
inline text long_text(int n) { return "a value of more than sixteen bytes: " + std::to_string(n); }

/// "key value" lines; the engine owns the text, and drops it after the batch.
inline test_batches<text> input_lines() {
  test_batches<text> out;
  for (int b = 0; b < 3; ++b) {
    texts records;
    for (int i = 0; i < 40; ++i)
      records.push_back((i % 2 == 0 ? "even " : "odd ") + long_text(100 * b + i));
    out.push_back(std::move(records));
  }
  return out;
}

inline dstream<view> lines_of(basic_stream_context& context) {
  auto step = context.batch_interval().ms();
  return context.input_stream<view>([input = input_lines(), step](batch_time time) {
    auto k = static_cast<std::size_t>(time.ms() / step - 1);
    static const texts none;
    auto& from = k < input.size() ? *input[k] : none;
    return std::optional{batch<view>{std::vector<view>(from.begin(), from.end()), 3}};
  });
}

inline std::pair<view, view> key_and_value(view line) {
  auto at = line.find(' ');
  return {line.substr(0, at), line.substr(at + 1)};
}

inline dstream<std::pair<view, view>> pairs_of(basic_stream_context& context) {
  return lines_of(context).map(key_and_value);
}

/// The greatest value of each key in each batch, or of all batches up to it.
inline std::vector<std::map<text, text>> greatest(bool of_all) {
  std::vector<std::map<text, text>> out;
  for (auto& records : input_lines()) {
    auto& now = out.emplace_back(of_all && !out.empty() ? out.back() : std::map<text, text>{});
    for (auto& line : *records) {
      auto [key, value] = key_and_value(line);
      auto& kept = now[text(key)];
      kept = std::max(kept, text(value));
    }
  }
  return out;
}

inline std::vector<std::map<text, text>>
as_maps(const std::vector<std::vector<keyed_text>>& batches) {
  std::vector<std::map<text, text>> out;
  for (auto& b : batches)
    out.emplace_back(b.begin(), b.end());
  return out;
}

/// Returns text of its own, though its arguments are views.
inline constexpr auto greater_text = [](view a, view b) { return text(std::max(a, b)); };
/// Returns a view of one of its arguments.
inline constexpr auto greater_view = [](view a, view b) { return std::max(a, b); };

template <class Build>
void check_keyed(bool of_all, Build build) {
  on_all_engines([&](engine& on) {
    auto out = run_job(on, 3, [&](basic_stream_context& context) { return build(context); });
    CHECK(as_maps(out.batches) == greatest(of_all));
  });
}

} // namespace millrace::test
