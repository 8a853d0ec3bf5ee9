#pragma once

#include "runtime/random/plain.hpp"

namespace millrace::test {

/// Where an input of a random graph comes from. All but `function` have a batch for every second.
enum class input_kind {
  function,
  queue,         ///< What is given is in the queue before the start; then the first batch again.
  whole_queue,   ///< The same, all of it in the first second.
  constant,      ///< The first batch again and again.
  rate,          ///< As many numbers a second as the first batch has.
  text_files,    ///< Each batch in files that are modified in its second.
  stable_files,  ///< The same, read when they have been left alone for a batch.
  packed_files,  ///< The same as text files, some packed by gzip and some by zstd.
  nested_files,  ///< Below the directory, beside others that a filter leaves out.
  matched_files, ///< In the directories that a pattern names, not in others.
  older_files,   ///< What was there before the start comes first.
  number_files,  ///< Numbers as text, through a reader of the test's own.
  binary_files,  ///< Numbers as records of eight bytes.
  object_files
};

inline const char* name_of(input_kind kind) {
  constexpr const char* names[] = {"function",     "queue",         "whole queue",  "constant",
                                   "rate",         "text files",    "stable files", "packed files",
                                   "nested files", "matched files", "older files",  "number files",
                                   "binary files", "object files"};
  return names[static_cast<std::size_t>(kind)];
}

/// Whether it is read by `text_file_stream`.
constexpr bool is_text_files(input_kind kind) {
  return kind >= input_kind::text_files && kind <= input_kind::older_files;
}

/// What is in a directory before the start: a line that is a text as well as a key and its value.
inline constexpr const char* old_line = "old=7";

inline void put_first(const std::string& line, any_data& to) {
  if (to.index() == of_views)
    std::get<of_views>(to).insert(std::get<of_views>(to).begin(), line);
  else
    std::get<of_view_pairs>(to).insert(std::get<of_view_pairs>(to).begin(), {"old", 7});
}

inline any_data emptied(any_data d) {
  std::visit([](auto& records) { records.clear(); }, d);
  return d;
}

inline void append(any_data& to, const any_data& more) {
  std::visit(
      [](auto& all, auto& records) {
        if constexpr (std::is_same_v<std::decay_t<decltype(all)>, std::decay_t<decltype(records)>>)
          append(all, records);
      },
      to, more);
}

inline numbers numbers_from(number first, std::size_t n) {
  numbers out;
  for (std::size_t i = 0; i < n; ++i)
    out.push_back(first + static_cast<number>(i));
  return out;
}

/// The first n batches of such an input, of what it is given: one batch at least, and none left out
/// unless it is a function.
inline history batches_of_input(input_kind kind, const history& given, std::size_t n) {
  if (kind == input_kind::function)
    return given;
  auto& in = given.batches;
  const auto first = *in.front();
  auto at = [&](std::size_t b) { return b < in.size() ? *in[b] : emptied(first); };
  history out;
  for (std::size_t b = 0; b < n; ++b)
    switch (kind) {
    case input_kind::queue:
      out.batches.emplace_back(b < in.size() ? *in[b] : first);
      break;
    case input_kind::whole_queue:
      out.batches.emplace_back(first);
      for (std::size_t i = 1; b == 0 && i < in.size(); ++i)
        append(*out.batches[0], *in[i]);
      break;
    case input_kind::constant:
      out.batches.emplace_back(first);
      break;
    case input_kind::rate:
      out.batches.emplace_back(
          numbers_from(static_cast<number>(b * size_of(first)), size_of(first)));
      break;
    case input_kind::older_files:
      out.batches.emplace_back(at(b));
      if (b == 0)
        put_first(old_line, *out.batches[0]);
      break;
    case input_kind::stable_files:
      out.batches.emplace_back(b == 0 ? emptied(first) : at(b - 1));
      break;
    default:
      out.batches.emplace_back(at(b));
    }
  return out;
}

} // namespace millrace::test
