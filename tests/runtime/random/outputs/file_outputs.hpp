#pragma once

#include "millrace/files/object_file.hpp"
#include "runtime/random/graph_disk.hpp"
#include "runtime/random/outputs/output_kind.hpp"
#include "runtime/random/outputs/printed.hpp"

namespace millrace::test {

/// The batches that an output has saved, by second: for each part file, in order, `read(path)`
/// appends its records to what it is given.
template <class Read>
std::map<number, texts> saved_batches(const graph_disk& disk, const std::string& prefix,
                                      const std::string& suffix, Read read) {
  std::map<number, texts> out;
  auto slash = prefix.rfind('/');
  auto directory = prefix.substr(0, slash);
  auto begin = prefix.substr(slash + 1) + "-";
  for (auto& name : disk.names(directory)) {
    if (!name.starts_with(begin))
      continue;
    auto ms = std::stol(name.substr(begin.size()));
    auto& records = out[ms / 1000];
    if (name != begin + std::to_string(ms) + suffix || ms % 1000 != 0)
      records.push_back("the name is " + name);
    auto parts = disk.names(directory + "/" + name);
    if (std::erase(parts, "_SUCCESS") == 0)
      records.emplace_back("there is no _SUCCESS");
    for (std::size_t p = 0; p < parts.size(); ++p) {
      auto number_of_part = std::to_string(p);
      if (parts[p] != "part-" + std::string(5 - number_of_part.size(), '0') + number_of_part)
        records.push_back("a part is called " + parts[p]);
      read(directory + "/" + name + "/" + parts[p], records);
    }
  }
  return out;
}

inline std::map<number, texts> saved_texts(const graph_disk& disk, const std::string& prefix) {
  return saved_batches(disk, prefix, ".txt", [&](const std::string& path, texts& records) {
    auto text = disk.text(path);
    if (!text.empty() && !text.ends_with('\n'))
      records.emplace_back("the last line has no end");
    auto lines = lines_of_text(text);
    records.insert(records.end(), lines.begin(), lines.end());
  });
}

template <class Record>
std::map<number, texts> saved_objects(const graph_disk& disk, const std::string& prefix) {
  return saved_batches(disk, prefix, "", [&](const std::string& path, texts& records) {
    auto blocks = read_object_file<Record>(*disk.files(), path);
    if (!blocks) {
      records.push_back(blocks.error().message);
      return;
    }
    for (auto& block : *blocks)
      for (auto& record : static_cast<const typed_block<Record>&>(*block).items())
        records.push_back(text_of(record));
  });
}

} // namespace millrace::test
