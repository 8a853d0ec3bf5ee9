#pragma once

#include "runtime/random/plain.hpp"

#include <set>

namespace millrace::test {

/// A record as `print` and text files show it, in plain code.
inline std::string shown_text(number x) { return std::to_string(x); }
inline std::string shown_text(const std::string& x) { return x; }
template <class K>
std::string shown_text(const std::pair<K, number>& p) {
  return "(" + shown_text(p.first) + "," + shown_text(p.second) + ")";
}

/// The lines of a text whose last line has an end.
inline texts lines_of_text(std::string_view text) {
  texts out;
  while (!text.empty()) {
    out.emplace_back(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(text.size(), out.back().size() + 1));
  }
  return out;
}

/// The lines that show the records; a record that has line ends gives several.
inline texts shown_lines(const any_data& records) {
  std::string all;
  std::visit(
      [&](auto& d) {
        for (auto& x : d)
          all += shown_text(x) + "\n";
      },
      records);
  return lines_of_text(all);
}

inline any_data first_records(any_data d, std::size_t n) {
  std::visit([&](auto& records) { records.resize(std::min(n, records.size())); }, d);
  return d;
}

/// What `print` wrote, taken apart: for each second the lines between the header and the empty line
/// at the end. A batch that is there twice says so.
inline std::map<number, texts> printed_batches(const std::string& text) {
  const std::string rule(43, '-');
  auto lines = lines_of_text(text);
  std::map<number, texts> out;
  texts* at = nullptr;
  auto finish = [&] {
    if (at && (at->empty() || !at->back().empty()))
      at->emplace_back("no empty line at the end");
    else if (at)
      at->pop_back();
  };
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i] == rule && i + 2 < lines.size() && lines[i + 1].starts_with("Time: ") &&
        lines[i + 1].ends_with("000 ms") && lines[i + 2] == rule) {
      finish();
      auto second = std::stol(lines[i + 1].substr(6)) / 1000;
      at = &out[second];
      if (!at->empty())
        at->emplace_back("printed twice");
      i += 2;
    } else if (at) {
      at->push_back(lines[i]);
    } else {
      out[1].push_back("before any header: " + lines[i]);
    }
  }
  finish();
  return out;
}

/// What is wrong with the lines printed of more records than were to be shown, in no promised
/// order: any of them will do.
inline std::optional<std::string> wrong_choice(const any_data& records, std::size_t shown,
                                               texts lines) {
  if (lines.empty() || lines.back() != "...")
    return "there are more records, but no line says so";
  lines.pop_back();
  auto all = shown_lines(records);
  if (all.size() == size_of(records) && lines.size() != shown)
    return std::to_string(lines.size()) + " records are shown instead of " + std::to_string(shown);
  std::multiset<std::string> left{all.begin(), all.end()};
  for (auto& line : lines) {
    auto one = left.find(line);
    if (one == left.end())
      return "no record gives the line " + line;
    left.erase(one);
  }
  return std::nullopt;
}

} // namespace millrace::test
