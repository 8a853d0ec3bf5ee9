#include "millrace/files/batch_directory.hpp"

#include <span>
#include <utility>

#include <fmt/format.h>

namespace millrace {

namespace {

constexpr std::string_view success_name = "_SUCCESS";

/// Removes a file, or a directory with what is in it; no error when it is not there. Links are
/// removed and not followed.
result<void> remove_all(file_system& files, const std::string& path) {
  auto removed = files.remove(path);
  if (removed || removed.error().code == errc::not_found)
    return {};
  if (removed.error().code != errc::illegal_state)
    return removed;
  const auto entries = files.list(path);
  if (!entries)
    return tl::make_unexpected(entries.error());
  for (const auto& entry : *entries) {
    const auto below = path + "/" + entry.name;
    if (auto gone = entry.is_link ? files.remove(below) : remove_all(files, below); !gone)
      return gone;
  }
  return files.remove(path);
}

struct split_path {
  std::string parent;
  std::string name;
};

split_path split(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos)
    return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

std::string hidden_name(const std::string& path, std::string_view what) {
  const auto [parent, name] = split(path);
  return fmt::format("{}/.tmp-{}-{}", parent, what, name);
}

} // namespace

std::string batch_file_name(std::string_view prefix, batch_time time, std::string_view suffix) {
  return fmt::format("{}{}{}{}{}", prefix, prefix.empty() ? "" : "-", time.ms(),
                     suffix.empty() ? "" : ".", suffix);
}

batch_directory::batch_directory(file_system& files, std::string path)
    : files_{files},
      path_{std::move(path)},
      parent_{split(path_).parent},
      hidden_{hidden_name(path_, "saving")},
      replaced_{hidden_name(path_, "replaced")} {}

result<std::unique_ptr<batch_directory>> batch_directory::create(file_system& files,
                                                                 std::string path) {
  if (split(path).name.empty())
    return fail(errc::invalid_argument,
                fmt::format("'{}' is no name for a directory to save a batch in", path));
  std::unique_ptr<batch_directory> attempt{new batch_directory{files, std::move(path)}};
  if (auto cleared = remove_all(files, attempt->hidden_); !cleared)
    return tl::make_unexpected(std::move(cleared).error());
  if (auto made = files.make_directories(attempt->hidden_); !made)
    return tl::make_unexpected(std::move(made).error());
  return attempt;
}

batch_directory::~batch_directory() {
  // What cannot be removed is hidden, and cleared away by the next attempt.
  if (!committed_)
    static_cast<void>(remove_all(files_, hidden_));
}

std::string batch_directory::part_path(std::size_t partition) const {
  return fmt::format("{}/part-{:05}", hidden_, partition);
}

result<void> batch_directory::commit() {
  if (committed_)
    return fail(errc::illegal_state, fmt::format("'{}' is committed already", path_));
  auto done = files_.write_file_atomic(fmt::format("{}/{}", hidden_, success_name), {});
  if (done)
    done = files_.sync_directory(hidden_);
  if (done)
    done = put_in_place();
  if (done)
    done = files_.sync_directory(parent_);
  return done;
}

result<void> batch_directory::put_in_place() {
  const auto there = files_.stat(path_);
  if (there && !there->is_directory)
    return fail(errc::already_exists,
                fmt::format("cannot save a batch as '{}': that is a file", path_));
  if (!there && there.error().code != errc::not_found)
    return tl::make_unexpected(there.error());
  if (there)
    return replace();
  auto renamed = files_.rename(hidden_, path_);
  committed_ = renamed.has_value();
  return renamed;
}

result<void> batch_directory::replace() {
  auto exchanged = files_.exchange(hidden_, path_);
  if (exchanged) {
    committed_ = true;
    // Whatever comes of this, the batch is saved.
    static_cast<void>(remove_all(files_, hidden_));
    return {};
  }
  if (exchanged.error().code != errc::unsupported)
    return exchanged;
  if (auto cleared = remove_all(files_, replaced_); !cleared)
    return cleared;
  if (auto moved = files_.rename(path_, replaced_); !moved)
    return moved;
  if (auto moved = files_.rename(hidden_, path_); !moved) {
    static_cast<void>(files_.rename(replaced_, path_));
    return moved;
  }
  committed_ = true;
  static_cast<void>(remove_all(files_, replaced_));
  return {};
}

result<void> batch_directory::remove(file_system& files, const std::string& path) {
  const auto hidden = hidden_name(path, "replaced");
  if (auto cleared = remove_all(files, hidden); !cleared)
    return cleared;
  if (auto moved = files.rename(path, hidden); !moved)
    return moved.error().code == errc::not_found ? result<void>{} : moved;
  if (auto synced = files.sync_directory(split(path).parent); !synced)
    return synced;
  return remove_all(files, hidden);
}

result<text_part_writer> text_part_writer::create(file_system& files, std::string path) {
  auto file = files.open_append(path);
  if (!file)
    return tl::make_unexpected(std::move(file).error());
  if (auto emptied = (*file)->truncate(0); !emptied)
    return tl::make_unexpected(std::move(emptied).error());
  return text_part_writer{std::move(*file)};
}

result<void> text_part_writer::flush() {
  const auto written =
      file_->append({reinterpret_cast<const unsigned char*>(buffer_.data()), buffer_.size()});
  bytes_ += buffer_.size();
  buffer_.clear();
  return written;
}

result<void> text_part_writer::finish() {
  if (auto written = flush(); !written)
    return written;
  return file_->sync();
}

} // namespace millrace
