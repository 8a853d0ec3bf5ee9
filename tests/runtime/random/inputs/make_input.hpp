#pragma once

#include "runtime/random/inputs/file_inputs.hpp"
#include "support/engine.hpp"

namespace millrace::test {

/// An input of any kind but files. The recipe outlives the job, which may keep views of it.
template <record_kind K>
dstream<record_of<K>> made_stream(basic_stream_context& context, const recipe& r) {
  using record = record_of<K>;
  auto records_of = [](const any_data& from) {
    auto& records = std::get<K>(from);
    return std::vector<record>{records.begin(), records.end()};
  };
  auto& given = r.given.batches;
  if (r.input == input_kind::function) {
    test_batches<record> in;
    for (auto& b : given)
      in.push_back(b ? std::optional{records_of(*b)} : std::nullopt);
    return test_input<record>(context, in, r.input_partitions);
  }
  auto batch_of = [&](const any_data& from) {
    return batch<record>{records_of(from), r.input_partitions};
  };
  if (r.input == input_kind::constant)
    return context.constant_stream(batch_of(*given.front()));
  auto feed = std::make_shared<batch_feed<record>>();
  for (auto& b : given)
    feed->push(batch_of(*b));
  return context.queue_stream<record>(feed, r.input == input_kind::queue, batch_of(*given.front()));
}

inline dstream<std::string_view> made_lines(basic_stream_context& context, graph_disk& disk,
                                            const std::string& name, const recipe& r) {
  if (is_text_files(r.input))
    return lines_of_files(
        context,
        {disk, "/in/" + name,
         r.input == input_kind::nested_files || r.input == input_kind::matched_files},
        r);
  return made_stream<of_views>(context, r);
}

/// Pairs whose keys are views into the text of their batch: lines "key=value", taken apart.
inline dstream<view_pair> made_view_pairs(basic_stream_context& context, graph_disk& disk,
                                          const std::string& name, const recipe& r) {
  auto lines = std::make_shared<recipe>(r);
  for (auto& b : lines->given.batches)
    if (b)
      b.emplace(std::in_place_index<of_views>,
                each(std::get<of_view_pairs>(*b), [](auto& p) { return text_of(p); }));
  return made_lines(context, disk, name, *lines).map([lines](std::string_view line) {
    auto at = line.find('=');
    return view_pair{line.substr(0, at), std::stol(std::string(line.substr(at + 1)))};
  });
}

inline dstream<number> made_numbers(basic_stream_context& context, graph_disk& disk,
                                    const std::string& name, const recipe& r) {
  input_files files{disk, "/in/" + name};
  switch (r.input) {
  case input_kind::rate:
    return context.rate_stream(size_of(*r.given.batches.front()));
  case input_kind::number_files:
    return numbers_of_files(context, files, r);
  case input_kind::binary_files:
    return numbers_of_binary_files(context, files, r);
  case input_kind::object_files:
    return objects_of_files<of_numbers>(context, files, r);
  default:
    return made_stream<of_numbers>(context, r);
  }
}

/// The input of that name, with whatever it reads put on the disk.
inline any_stream make_input(basic_stream_context& context, graph_disk& disk,
                             const std::string& name, const recipe& r) {
  switch (r.kind) {
  case of_views:
    return any_stream{std::in_place_index<of_views>, made_lines(context, disk, name, r)};
  case of_pairs:
    return any_stream{std::in_place_index<of_pairs>,
                      r.input == input_kind::object_files
                          ? objects_of_files<of_pairs>(context, {disk, "/in/" + name}, r)
                          : made_stream<of_pairs>(context, r)};
  case of_view_pairs:
    return any_stream{std::in_place_index<of_view_pairs>, made_view_pairs(context, disk, name, r)};
  default:
    return any_stream{std::in_place_index<of_numbers>, made_numbers(context, disk, name, r)};
  }
}

} // namespace millrace::test
