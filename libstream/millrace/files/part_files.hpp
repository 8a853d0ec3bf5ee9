#pragma once

#include "millrace/base/executor.hpp"
#include "millrace/chunk/batch.hpp"
#include "millrace/files/batch_directory.hpp"
#include "millrace/files/object_file.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace millrace {

struct part_files_options {
  /// Of the directory of each batch: see `batch_file_name`.
  std::string prefix;
  std::string suffix = {};
  /// A batch without records leaves no directory. Off, as in Spark: it has empty part files.
  bool skip_empty = false;
};

/// What became of a batch.
struct saved_batch {
  std::string path;
  /// Part files; 0 when an empty batch was skipped.
  std::size_t parts = 0;
  std::uint64_t bytes = 0;
};

namespace detail {

/// Writes part `i` to the path and returns its bytes; called for several parts at once.
using write_part = std::function<result<std::uint64_t>(const std::string& path, std::size_t i)>;

[[nodiscard]] result<saved_batch> save_parts(file_system& files, const part_files_options& options,
                                             batch_time time, std::size_t partitions, bool empty,
                                             parallel_executor& executor, const write_part& write);

} // namespace detail

/// Saves a batch as text, a line for each record, a part file for each partition, in a directory
/// named after its time, which appears as a whole (see `batch_directory`) and replaces one of an
/// earlier attempt. `to_text(std::string& to, const T&)` appends a record's text; it is called on
/// the batch's executor. An error (a full disk) names the file; nothing of the attempt is visible
/// then, and it can be made again. What `to_text` throws is rethrown, with the same promise.
template <class T, class ToText>
[[nodiscard]] result<saved_batch>
save_text_files(file_system& files, const part_files_options& options, batch_time time,
                const batch<T>& records, ToText to_text) {
  const auto write = [&](const std::string& path, std::size_t i) -> result<std::uint64_t> {
    auto part = text_part_writer::create(files, path);
    if (!part)
      return tl::make_unexpected(std::move(part).error());
    std::string line;
    for (const T& record : records.partition(i)) {
      line.clear();
      to_text(line, record);
      if (auto added = part->add(line); !added)
        return tl::make_unexpected(std::move(added).error());
    }
    return part->finish().map([&] { return part->bytes(); });
  };
  return detail::save_parts(files, options, time, records.partitions(), records.empty(),
                            *records.executor(), write);
}

/// The same with an object file for each partition, which `object_file_reader` and file streams
/// read back.
template <encodable T>
[[nodiscard]] result<saved_batch>
save_object_files(file_system& files, const part_files_options& options, batch_time time,
                  const batch<T>& records, object_file_options object_options = {}) {
  const auto write = [&](const std::string& path, std::size_t i) -> result<std::uint64_t> {
    auto part = object_file_writer<T>::create(files, path, object_options);
    if (!part)
      return tl::make_unexpected(std::move(part).error());
    if (auto added = part->add(records.partition(i)); !added)
      return tl::make_unexpected(std::move(added).error());
    return part->finish().map([&] { return part->totals().bytes; });
  };
  return detail::save_parts(files, options, time, records.partitions(), records.empty(),
                            *records.executor(), write);
}

} // namespace millrace
