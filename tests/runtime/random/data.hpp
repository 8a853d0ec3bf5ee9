#pragma once

#include "millrace/flow/dstream.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace millrace::test {

using number = std::int64_t;
using numbers = std::vector<number>;
using texts = std::vector<std::string>;
using number_pair = std::pair<number, number>;
using view_pair = std::pair<std::string_view, number>;
using text_pair = std::pair<std::string, number>;

/// The record types of random graphs, as places in the variants below.
enum record_kind : std::size_t {
  of_numbers,
  of_views,
  of_texts,
  of_pairs,
  of_view_pairs,
  of_text_pairs
};

/// A stream of a graph under construction.
using any_stream = std::variant<dstream<number>, dstream<std::string_view>, dstream<std::string>,
                                dstream<number_pair>, dstream<view_pair>, dstream<text_pair>>;

/// One batch of such a stream, as the reference computes it.
using any_data = std::variant<numbers, texts, texts, std::vector<number_pair>,
                              std::vector<text_pair>, std::vector<text_pair>>;

template <record_kind K>
using stream_of = std::variant_alternative_t<K, any_stream>;
template <record_kind K>
using data_of = std::variant_alternative_t<K, any_data>;
template <record_kind K>
using record_of = typename stream_of<K>::value_type;

/// The kind of the same records when they own their bytes.
template <record_kind K>
inline constexpr record_kind owned_kind = K == of_views        ? of_texts
                                          : K == of_view_pairs ? of_text_pairs
                                                               : K;

/// All batches of a stream, from the first of the job on; nothing where it has none, because it
/// slides more slowly or because an input left it out.
template <class Data>
using batches_of = std::vector<std::optional<Data>>;

/// A stream from the start of the job on. Batch b is that of second b + 1.
struct history {
  batches_of<any_data> batches;
  std::size_t slide = 1; ///< In batches.

  [[nodiscard]] bool due(std::size_t b) const { return (b + 1) % slide == 0; }

  /// The first batch that is due but left out.
  [[nodiscard]] std::optional<std::size_t> first_gap() const {
    for (std::size_t b = 0; b < batches.size(); ++b)
      if (due(b) && !batches[b])
        return b;
    return std::nullopt;
  }
};

template <record_kind K>
batches_of<data_of<K>> typed(const history& h) {
  batches_of<data_of<K>> out;
  for (auto& b : h.batches)
    out.push_back(b ? std::optional{std::get<K>(*b)} : std::nullopt);
  return out;
}

template <record_kind K>
history untyped(batches_of<data_of<K>> batches, std::size_t slide) {
  history out;
  out.slide = slide;
  for (auto& b : batches)
    out.batches.push_back(b ? std::optional{any_data{std::in_place_index<K>, std::move(*b)}}
                            : std::nullopt);
  return out;
}

inline std::size_t size_of(const any_data& d) {
  return std::visit([](auto& v) { return v.size(); }, d);
}

/// Records as text, which is how streams of all kinds are compared.
inline std::string text_of(number x) { return std::to_string(x); }
inline std::string text_of(std::string_view x) { return std::string(x); }
template <class K>
std::string text_of(const std::pair<K, number>& p) {
  return text_of(p.first) + "=" + std::to_string(p.second);
}

} // namespace millrace::test
