#include "millrace/persist/retention.hpp"

#include <algorithm>
#include <exception>

#include <fmt/format.h>

namespace millrace {

result<void> validate(const retained_options& options) {
  if (auto level = validate(options.level); !level)
    return level;
  if (options.remember < duration{0})
    return fail(errc::invalid_argument,
                fmt::format("stream '{}' is to be remembered for {}: that must not be negative",
                            options.stream, to_string(options.remember)));
  if (options.level.use_disk && options.directory.empty())
    return fail(errc::invalid_argument,
                fmt::format("stream '{}' cannot be persisted at {}: no directory for spilled "
                            "batches is set",
                            options.stream, to_string(options.level)));
  return {};
}

namespace detail {

namespace {

retained_options valid(retained_options options) {
  if (auto checked = validate(options); !checked)
    throw stream_error{std::move(checked).error()};
  return options;
}

} // namespace

retention::retention(retained_options options, std::shared_ptr<file_system> files,
                     std::unique_ptr<const batch_coder> coder, logger log)
    : options_{valid(std::move(options))},
      memory_bound_{options_.level == storage_levels::none || options_.level.use_memory
                        ? options_.max_memory_bytes
                        : 0},
      files_{std::move(files)},
      coder_{std::move(coder)},
      log_{std::move(log)},
      remember_{options_.remember} {
  if (options_.level.use_disk && options_.home)
    options_.home->remove_leftovers(*files_, log_);
}

result<void> retention::add(batch_time time, any_batch batch, std::size_t bytes) {
  entry fresh{.objects = std::move(batch), .bytes = bytes};
  const bool as_bytes = options_.level.use_memory && !options_.level.deserialized;
  result<void> outcome;
  if (as_bytes) {
    if (auto encoded = encode(time, fresh.objects)) {
      fresh.encoded = std::move(*encoded);
      fresh.bytes = size_of(*fresh.encoded);
      fresh.objects = nullptr;
    } else {
      fresh.unencodable = true;
      outcome = tl::make_unexpected(std::move(encoded).error());
    }
  }
  entry replaced;
  std::unique_lock lock{mutex_};
  fresh.number = next_number_++;
  memory_bytes_ += fresh.bytes;
  auto& place = entries_[time];
  memory_bytes_ -= place.bytes;
  replaced = std::exchange(place, std::move(fresh));
  auto room = make_room(lock);
  lock.unlock();
  return outcome ? room : outcome;
}

result<std::vector<std::pair<batch_time, any_batch>>> retention::slice(batch_time from,
                                                                       batch_time to) const {
  std::vector<std::pair<batch_time, entry>> found;
  {
    const std::lock_guard guard{mutex_};
    for (auto at = entries_.lower_bound(from); at != entries_.end() && at->first <= to; ++at)
      found.push_back(*at);
  }
  std::vector<std::pair<batch_time, any_batch>> batches;
  for (const auto& [time, kept] : found) {
    auto batch = load(time, kept);
    if (!batch)
      return tl::make_unexpected(std::move(batch).error());
    batches.emplace_back(time, std::move(*batch));
  }
  return batches;
}

void retention::forget(batch_time now) {
  entries old;
  {
    const std::lock_guard guard{mutex_};
    const auto end = entries_.upper_bound(now - remember_);
    for (auto at = entries_.begin(); at != end;) {
      memory_bytes_ -= at->second.bytes;
      old.insert(entries_.extract(at++));
    }
  }
}

void retention::clear() {
  entries old;
  const std::lock_guard guard{mutex_};
  old.swap(entries_);
  memory_bytes_ = 0;
}

void retention::remember(duration span) {
  const std::lock_guard guard{mutex_};
  remember_ = span;
}

duration retention::remember() const {
  const std::lock_guard guard{mutex_};
  return remember_;
}

retained_stats retention::stats() const {
  const std::lock_guard guard{mutex_};
  retained_stats stats{.memory_bytes = memory_bytes_, .dropped = dropped_};
  for (const auto& [time, kept] : entries_) {
    const bool here = kept.objects || kept.encoded || kept.file;
    stats.batches += here ? 1 : 0;
    stats.spilled_batches += kept.file ? 1 : 0;
    stats.spilled_bytes += kept.file ? kept.file->bytes() : 0;
  }
  return stats;
}

result<std::shared_ptr<const encoded_batch>> retention::encode(batch_time time,
                                                               const any_batch& batch) const {
  const auto failed = [&](errc code, const char* why) {
    return fail(code, fmt::format("cannot encode {}: {}; it stays in memory", describe(time), why));
  };
  try {
    return std::make_shared<const encoded_batch>(coder_->encode(batch.get()));
  } catch (const stream_error& e) {
    return failed(e.code(), e.what());
  } catch (const std::exception& e) {
    return failed(errc::user_function_failed, e.what());
  }
}

result<any_batch> retention::load(batch_time time, const entry& from) const {
  if (from.objects)
    return from.objects;
  if (!from.encoded && !from.file)
    return fail(errc::limit_exceeded,
                fmt::format("{} is not there any more: {} keeps at most {} bytes; persist it at "
                            "MEMORY_AND_DISK, raise the bound, or remember less",
                            describe(time), to_string(options_.level), memory_bound_));
  const auto decode = [&](const encoded_batch& encoded) { return coder_->decode(encoded); };
  auto batch = from.encoded ? decode(*from.encoded) : from.file->read().and_then(decode);
  if (!batch)
    return fail(batch.error().code,
                fmt::format("cannot read back {}{}: {}", describe(time),
                            from.file ? " from '" + from.file->path() + "'" : std::string{},
                            batch.error().message));
  return batch;
}

/// Spills, or drops, the oldest batches in memory until the rest is within the bound.
result<void> retention::make_room(std::unique_lock<std::mutex>& lock) {
  const bool to_disk = options_.level.use_disk;
  result<void> outcome;
  while (memory_bytes_ > memory_bound_) {
    const auto oldest = std::ranges::find_if(entries_, [&](const auto& kept) {
      const entry& e = kept.second;
      return e.bytes != 0 && !(to_disk && (e.spilling || e.unencodable));
    });
    if (oldest == entries_.end())
      break;
    if (!to_disk) {
      drop(oldest);
    } else if (auto failure = spill(oldest, lock)) {
      outcome = tl::make_unexpected(std::move(failure->why));
      if (failure->of_disk)
        break;
    }
  }
  return outcome;
}

void retention::drop(entries::iterator at) {
  auto& dropped = at->second;
  memory_bytes_ -= dropped.bytes;
  dropped = {};
  ++dropped_;
  log_.repeated(
      log_level::warning,
      fmt::format("batches of stream '{}' dropped before their time", options_.stream),
      fmt::format("{} is dropped before its time: {} keeps at most {} bytes; persist it at "
                  "MEMORY_AND_DISK, raise the bound, or remember less",
                  describe(at->first), to_string(options_.level), memory_bound_));
}

std::optional<retention::spill_failure> retention::spill(entries::iterator at,
                                                         std::unique_lock<std::mutex>& lock) {
  const auto time = at->first;
  at->second.spilling = true;
  const entry spilled = at->second;
  lock.unlock();
  auto encoded = spilled.encoded ? spilled.encoded : encode(time, spilled.objects);
  auto file =
      encoded.and_then([&](const auto& batch) { return write(time, spilled.number, *batch); });
  lock.lock();
  // Meanwhile the batch may have been forgotten, or added anew.
  at = entries_.find(time);
  const bool is_there = at != entries_.end() && at->second.number == spilled.number;
  if (is_there) {
    at->second.spilling = false;
    at->second.unencodable = !encoded;
  }
  if (!file)
    return spill_failure{std::move(file).error(), encoded.has_value()};
  if (is_there) {
    memory_bytes_ -= at->second.bytes;
    at->second = {.number = spilled.number, .file = std::move(*file)};
  }
  return std::nullopt;
}
result<std::shared_ptr<const spill_file>> retention::write(batch_time time, std::uint64_t number,
                                                           const encoded_batch& batch) {
  auto file = prepare_directory().and_then([&](const std::string& directory) {
    return spill_file::write(files_, directory, fmt::format("{}-{}", time.ms(), number), batch);
  });
  if (!file)
    return fail(file.error().code, fmt::format("cannot spill {}: {}; it stays in memory",
                                               describe(time), file.error().message));
  return file;
}

result<std::string> retention::prepare_directory() {
  const std::lock_guard guard{directory_mutex_};
  if (!directory_.empty())
    return directory_;
  auto directory = options_.directory;
  if (options_.home) {
    auto home = options_.home->prepare(files_);
    if (!home)
      return home;
    directory = *home + "/" + directory;
  }
  return prepare_spill_directory(*files_, directory).map([&] {
    directory_ = std::move(directory);
    return directory_;
  });
}

std::string retention::describe(batch_time time) const {
  return fmt::format("the batch of {} of stream '{}'", to_string(time), options_.stream);
}

} // namespace detail

} // namespace millrace
