#include "millrace/files/file_discovery.hpp"

#include "millrace/intake/input_limits.hpp"

#include <algorithm>

namespace millrace {

result<void> validate(const file_discovery_options& options) {
  const auto need = [](bool right, const std::string& what) -> result<void> {
    if (right)
      return {};
    return fail(errc::invalid_argument, "file stream: " + what);
  };
  for (auto checked :
       {need(!options.directory.empty(), "the directory is empty: name one"),
        need(static_cast<bool>(options.filter), "the filter is empty: pass a function, or none"),
        need(options.batch > duration{0},
             "the batch interval is " + to_string(options.batch) + ": it must be positive"),
        need(options.min_remember >= duration{0}, "the remembered span is " +
                                                      to_string(options.min_remember) +
                                                      ": it must not be negative"),
        need(options.max_files_per_batch > 0, "max_files_per_batch is 0: use 1 or more"),
        need(options.max_bytes_per_batch > 0, "max_bytes_per_batch is 0: use 1 or more"),
        need(options.max_remembered > 0, "max_remembered is 0: use 1 or more"),
        need(options.list_every > 0, "list_every is 0: use 1 or more")})
    if (!checked)
      return checked;
  return {};
}

namespace {

file_discovery_options valid(file_discovery_options options) {
  if (auto checked = validate(options); !checked)
    throw stream_error{std::move(checked).error()};
  return options;
}

/// Whole batches that make at least `min_remember`, and one at least.
duration span_of(const file_discovery_options& options) {
  const auto least = options.min_remember.max(options.batch).ms();
  const auto batch = options.batch.ms();
  return options.batch * (least / batch + (least % batch != 0 ? 1 : 0));
}

} // namespace

file_discovery::file_discovery(file_discovery_options options,
                               std::shared_ptr<const file_system> files, logger log,
                               std::unique_ptr<directory_watch> watch)
    : options_{valid(std::move(options))},
      files_{std::move(files)},
      log_{std::move(log)},
      watch_{watch ? std::move(watch) : std::make_unique<directory_watch>()},
      span_{span_of(options_)} {}

void file_discovery::start(batch_time now) {
  if (started_)
    return;
  started_ = true;
  if (!options_.new_files_only)
    return;
  const auto listing = look();
  for (const auto& file : listing.files)
    if (file.modified_ms <= now.ms())
      remember_read(file);
  if (!listing.unknown.empty() && listing.problem && listing.problem->code != errc::not_found) {
    // U+10FFFF sorts behind every path.
    floor_ = {"\xf4\x8f\xbf\xbf", 0, now.ms()};
    log_.warning("the files that are in '" + options_.directory +
                 "' at the start could not all be listed: those modified up to now are taken for "
                 "old and not read");
  }
  forget_beyond_bound();
}

std::vector<found_file> file_discovery::select(batch_time time, std::uint64_t max_bytes) {
  start(time);
  if (last_ && time <= *last_) {
    const auto batch = batches_.find(time);
    return batch == batches_.end() ? std::vector<found_file>{} : batch->second;
  }
  last_ = time;
  std::erase_if(batches_, [&](const auto& batch) { return batch.first + span_ < time; });
  if (may_skip())
    return {};

  const auto listing = look();
  std::vector<found_file> due;
  for (const auto& file : listing.files)
    if (is_due(file, time))
      due.push_back(file);
  std::ranges::sort(due, reading_order{});
  keep_within_bounds(due, max_bytes);
  for (const auto& file : due) {
    known_[file.path].read = true;
    --waiting_;
  }
  if (!due.empty())
    batches_[time] = due;
  forget_gone(listing);
  forget_beyond_bound();
  return due;
}

void file_discovery::keep_within_bounds(std::vector<found_file>& due,
                                        std::uint64_t max_bytes) const {
  input_budget budget{{.bytes = std::min(max_bytes, options_.max_bytes_per_batch)}};
  // An empty file counts too, so that the first with records has no room that is not its own.
  const auto beyond = std::ranges::find_if(due, [&](const found_file& file) {
    return !budget.take(0, std::max<std::uint64_t>(file.size, 1));
  });
  due.erase(beyond, due.end());
  if (due.size() > options_.max_files_per_batch)
    due.resize(options_.max_files_per_batch);
}

void file_discovery::give_back(const std::vector<found_file>& files) {
  auto given = batches_.find(last_.value_or(batch_time{INT64_MIN}));
  for (const auto& file : files) {
    const auto known = known_.find(file.path);
    if (known == known_.end() || known->second.size != file.size ||
        known->second.modified_ms != file.modified_ms || !known->second.read)
      continue;
    known->second.read = false;
    ++waiting_;
    if (given != batches_.end())
      std::erase(given->second, file);
  }
}

directory_listing file_discovery::look() {
  ++looks_;
  skipped_ = 0;
  auto listing = list_files(
      *files_, {.directory = options_.directory, .recursive = options_.recursive}, options_.filter);
  last_look_was_well_ = !listing.problem;
  watch_->cover(listing.directories);
  tell(listing.problem);
  return listing;
}

void file_discovery::tell(const std::optional<error>& problem) {
  const auto text = problem ? problem->message : std::string{};
  if (text == told_problem_)
    return;
  if (problem)
    log_.warning("error finding new files: " + text + "; trying again with the next batch");
  else
    log_.info("'" + options_.directory + "' can be read again");
  told_problem_ = text;
}

bool file_discovery::may_skip() {
  // Asked in any case, so that what it tells is about the time since the last batch.
  const bool changed = watch_->changed();
  if (changed || !last_look_was_well_ || waiting_ != 0 || skipped_ + 1 >= options_.list_every)
    return false;
  ++skipped_;
  return true;
}

bool file_discovery::is_due(const found_file& file, batch_time time) {
  const auto at = known_.find(file.path);
  const bool same = at != known_.end() && at->second.size == file.size &&
                    at->second.modified_ms == file.modified_ms;
  if (same) {
    at->second.seen = looks_;
    if (at->second.read)
      return false;
  } else if (at == known_.end() && !reading_order{}(floor_, file)) {
    return false;
  } else {
    if (at == known_.end() || at->second.read)
      ++waiting_;
    known_[file.path] = {file.size, file.modified_ms, false, looks_};
  }
  if (!options_.wait_until_stable)
    return file.modified_ms <= time.ms();
  return same && file.modified_ms <= (time - options_.batch).ms();
}

void file_discovery::remember_read(const found_file& file) {
  known_[file.path] = {file.size, file.modified_ms, true, looks_};
}

void file_discovery::forget_gone(const directory_listing& listing) {
  if (waiting_ == 0) // all the others are remembered, and may be a million
    return;
  waiting_ -= std::erase_if(known_, [&](const auto& known) {
    auto& [path, file] = known;
    return !file.read && file.seen != looks_ && !listing.is_unknown(path);
  });
}

void file_discovery::forget_beyond_bound() {
  if (remembered() <= options_.max_remembered)
    return;
  // An eighth more than needed, so that the next time is not the next batch.
  const auto keep = options_.max_remembered - options_.max_remembered / 8;
  std::vector<found_file> read;
  for (const auto& [path, file] : known_)
    if (file.read)
      read.push_back({path, file.size, file.modified_ms});
  const auto end = read.begin() + static_cast<std::ptrdiff_t>(read.size() - keep);
  std::nth_element(read.begin(), end - 1, read.end(), reading_order{});
  if (reading_order{}(floor_, *(end - 1)))
    floor_ = *(end - 1);
  for (auto at = read.begin(); at != end; ++at)
    known_.erase(at->path);
  if (!std::exchange(told_bound_, true))
    log_.warning("more than " + std::to_string(options_.max_remembered) + " files in '" +
                 options_.directory +
                 "' have been read and are remembered: the oldest are forgotten, and files that "
                 "turn up with an older modification time than those are not read; move files "
                 "away when they are read");
}

file_discovery_state file_discovery::state() const {
  file_discovery_state state{started_, last_.value_or(batch_time{INT64_MIN}), floor_, {}, {}, {}};
  for (const auto& [path, file] : known_)
    (file.read ? state.read : state.waiting).push_back({path, file.size, file.modified_ms});
  std::ranges::sort(state.read, reading_order{});
  std::ranges::sort(state.waiting, reading_order{});
  state.batches.assign(batches_.begin(), batches_.end());
  return state;
}

void file_discovery::restore(file_discovery_state state) {
  started_ = state.started;
  last_ = state.last;
  floor_ = std::move(state.floor);
  known_.clear();
  for (const auto& file : state.read)
    remember_read(file);
  for (const auto& file : state.waiting)
    known_[file.path] = {file.size, file.modified_ms, false, looks_};
  waiting_ = state.waiting.size();
  batches_.clear();
  batches_.insert(state.batches.begin(), state.batches.end());
}

} // namespace millrace
