#include "millrace/files/file_source.hpp"

#include "millrace/io/inotify_watch.hpp"
#include "millrace/io/posix_file_system.hpp"

#include <utility>

namespace millrace {

namespace {

constexpr int attempts = 3;

file_discovery_options discovery_options(std::string directory, const file_stream_options& from,
                                         duration batch_interval) {
  file_discovery_options to;
  to.directory = std::move(directory);
  to.recursive = from.recursive;
  to.filter = from.filter;
  to.new_files_only = from.new_files_only;
  to.wait_until_stable = from.wait_until_stable;
  to.batch = batch_interval;
  to.min_remember = from.min_remember.value_or(to.min_remember);
  to.max_files_per_batch = from.max_files_per_batch;
  if (auto ok = validate(to); !ok)
    throw stream_error{std::move(ok).error()};
  return to;
}

/// inotify knows the disk of this machine only, not what stands in for it.
std::unique_ptr<directory_watch> watch_for(const file_system& files) {
  if (dynamic_cast<const posix_file_system*>(&files))
    return std::make_unique<inotify_watch>();
  return nullptr;
}

} // namespace

file_source::file_source(std::string directory, const file_stream_options& options,
                         duration batch_interval, std::shared_ptr<const file_system> files,
                         file_reader reader)
    : discovery_options_{discovery_options(std::move(directory), options, batch_interval)},
      files_{std::move(files)},
      reader_{std::move(reader)},
      max_bytes_{options.max_bytes_per_batch} {}

void file_source::start(batch_time now, const logger& log) {
  log_ = log.named("files");
  discovery_.emplace(discovery_options_, files_, log_, watch_for(*files_));
  discovery_->start(now);
}

std::optional<std::vector<block_ptr>> file_source::pull(batch_time time) {
  for (auto& file : discovery_->select(time))
    waiting_.push_back(std::move(file));
  std::vector<block_ptr> blocks;
  std::vector<found_file> taken;
  std::uint64_t bytes = 0;
  while (!waiting_.empty() && (bytes == 0 || bytes + waiting_.front().size <= max_bytes_)) {
    auto file = std::move(waiting_.front());
    waiting_.pop_front();
    bytes += std::max<std::uint64_t>(file.size, 1);
    auto read = read_with_patience(file);
    if (!read) {
      waiting_.insert(waiting_.begin(), taken.begin(), taken.end());
      log_.error("'" + file.path + "' is left out, because it cannot be read: " +
                 read.error().message + "; it is read when it has changed, or under another name");
      throw stream_error{std::move(read).error()};
    }
    blocks.insert(blocks.end(), read->begin(), read->end());
    taken.push_back(std::move(file));
  }
  return blocks;
}

result<std::vector<block_ptr>> file_source::read_once(const found_file& file) const {
  auto threw = [&](const std::string& what) {
    return fail(errc::user_function_failed, "the reader of '" + file.path + "' threw" + what);
  };
  try {
    return reader_(*files_, file, log_);
  } catch (const std::exception& e) {
    return threw(std::string(": ") + e.what());
  } catch (...) {
    return threw(" something that is not a std::exception");
  }
}

result<std::vector<block_ptr>> file_source::read_with_patience(const found_file& file) const {
  for (int attempt = 1;; ++attempt) {
    auto read = read_once(file);
    if (read || attempt == attempts)
      return read;
    log_.warning("reading " + file.path + " failed, attempt " + std::to_string(attempt) + " of " +
                 std::to_string(attempts) + ": " + read.error().message);
  }
}

} // namespace millrace
