#include "millrace/files/file_source.hpp"

#include "millrace/files/file_codec.hpp"
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
  to.max_bytes_per_batch = from.max_bytes_per_batch;
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
      reader_{std::move(reader)} {}

void file_source::start(batch_time now, const logger& log) {
  log_ = log.named("files");
  discovery_.emplace(discovery_options_, files_, log_, watch_for(*files_));
  if (resumed_)
    discovery_->restore(std::move(*resumed_));
  resumed_.reset();
  discovery_->start(now);
}

bytes file_source::position() const { return encode_value(discovery_->state()); }

result<void> file_source::resume(const bytes& from) {
  auto state = decode_value<file_discovery_state>(from);
  if (!state)
    return tl::unexpected{std::move(state).error()};
  resumed_ = std::move(*state);
  return {};
}

std::optional<std::vector<input_split>> file_source::plan(batch_time time,
                                                          const input_limits& limits) {
  std::vector<input_split> splits;
  for (auto& file : discovery_->select(time, limits.bytes)) {
    auto& split = splits.emplace_back();
    split.what = encode_value(file);
    split.description = std::move(file.path);
    split.size = file.size;
  }
  return splits;
}

bool file_source::take_back(const std::vector<input_split>& splits) {
  std::vector<found_file> files;
  for (auto& split : splits)
    files.push_back(decode_value<found_file>(split.what).value());
  discovery_->give_back(files);
  return true;
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

result<std::vector<block_ptr>> file_source::read(const input_split& split) const {
  auto file = decode_value<found_file>(split.what);
  if (!file)
    return tl::unexpected{std::move(file).error()};
  for (int attempt = 1;; ++attempt) {
    auto read = read_once(*file);
    if (read)
      return read;
    if (attempt == attempts) {
      log_.error("'" + file->path + "' is left out, because it cannot be read: " +
                 read.error().message + "; it is read when it has changed, or under another name");
      return read;
    }
    log_.warning("reading " + file->path + " failed, attempt " + std::to_string(attempt) + " of " +
                 std::to_string(attempts) + ": " + read.error().message);
  }
}

} // namespace millrace
