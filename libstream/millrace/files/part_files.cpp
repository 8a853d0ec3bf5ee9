#include "millrace/files/part_files.hpp"

#include <utility>
#include <vector>

namespace millrace::detail {

result<saved_batch> save_parts(file_system& files, const part_files_options& options,
                               batch_time time, std::size_t partitions, bool empty,
                               parallel_executor& executor, const write_part& write) {
  saved_batch saved{batch_file_name(options.prefix, time, options.suffix), 0, 0};
  if (empty && options.skip_empty) {
    // An earlier attempt at this batch may have had records.
    if (auto removed = batch_directory::remove(files, saved.path); !removed)
      return tl::make_unexpected(std::move(removed).error());
    return saved;
  }
  auto directory = batch_directory::create(files, saved.path);
  if (!directory)
    return tl::make_unexpected(std::move(directory).error());
  std::vector<result<std::uint64_t>> parts(partitions, std::uint64_t{0});
  executor.run_all(partitions,
                   [&](std::size_t i) { parts[i] = write((*directory)->part_path(i), i); });
  for (auto& part : parts) {
    if (!part)
      return tl::make_unexpected(std::move(part).error());
    saved.bytes += *part;
  }
  if (auto committed = (*directory)->commit(); !committed)
    return tl::make_unexpected(std::move(committed).error());
  saved.parts = partitions;
  return saved;
}

} // namespace millrace::detail
