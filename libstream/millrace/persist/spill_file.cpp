#include "millrace/persist/spill_file.hpp"

#include "millrace/io/record_file.hpp"

#include <utility>

namespace millrace::detail {

namespace {

constexpr std::string_view label = "spilled batch";

result<std::uint64_t> write_content(file_system& files, const std::string& path,
                                    const encoded_batch& batch) {
  auto file = record_file_writer::create(files, path, label);
  if (!file)
    return tl::make_unexpected(std::move(file).error());
  for (const auto& partition : batch)
    if (auto added = file->add(partition.records, {partition.content}); !added)
      return tl::make_unexpected(std::move(added).error());
  return file->finish().map([&] { return file->totals().bytes; });
}

} // namespace

result<std::shared_ptr<const spill_file>> spill_file::write(std::shared_ptr<file_system> files,
                                                            const std::string& directory,
                                                            const std::string& name,
                                                            const encoded_batch& batch) {
  const auto temporary = directory + "/.tmp-" + name;
  const auto path = directory + "/" + name + suffix;
  auto bytes = write_content(*files, temporary, batch);
  if (bytes)
    if (auto renamed = files->rename(temporary, path); !renamed)
      bytes = tl::make_unexpected(std::move(renamed).error());
  if (!bytes) {
    static_cast<void>(files->remove(temporary));
    return tl::make_unexpected(std::move(bytes).error());
  }
  return std::make_shared<const spill_file>(std::move(files), path, *bytes);
}

spill_file::~spill_file() {
  // What cannot be removed now goes when the directory is prepared the next time.
  static_cast<void>(files_->remove(path_));
}

result<encoded_batch> spill_file::read() const {
  auto file = record_file_reader::open(*files_, path_);
  if (!file)
    return tl::make_unexpected(std::move(file).error());
  encoded_batch batch;
  for (;;) {
    auto block = file->next();
    if (!block)
      return tl::make_unexpected(std::move(block).error());
    if (!*block)
      return batch;
    batch.push_back({(*block)->records, std::move((*block)->content)});
  }
}

result<std::size_t> remove_spilled(file_system& files, const std::string& directory) {
  const auto entries = files.list(directory);
  if (!entries)
    return tl::make_unexpected(entries.error());
  std::size_t count = 0;
  for (const auto& entry : *entries)
    if (!entry.is_directory &&
        (entry.name.ends_with(spill_file::suffix) || file_system::is_temporary(entry.name))) {
      if (auto removed = files.remove(directory + "/" + entry.name); !removed)
        return tl::make_unexpected(std::move(removed).error());
      ++count;
    }
  return count;
}

result<void> prepare_spill_directory(file_system& files, const std::string& directory) {
  return files.make_directories(directory).and_then(
      [&]() -> result<void> { return remove_spilled(files, directory).map([](std::size_t) {}); });
}

} // namespace millrace::detail
