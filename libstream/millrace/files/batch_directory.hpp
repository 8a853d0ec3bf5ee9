#pragma once

#include "millrace/base/error.hpp"
#include "millrace/base/time.hpp"
#include "millrace/io/file_system.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace millrace {

/// The name of what a batch is saved in, as Spark's: "prefix-TIME_IN_MS.suffix"; an empty prefix or
/// suffix is dropped with its separator. The prefix may begin with a path.
[[nodiscard]] std::string batch_file_name(std::string_view prefix, batch_time time,
                                          std::string_view suffix = {});

/// One attempt to save a batch as a directory of part files. The parts are written to a hidden
/// directory beside it (which file streams pass over), and `commit` gives it its name. At every
/// moment, also after a crash, the name leads to nothing, to the whole of an earlier attempt, or to
/// the whole of this one; on a disk that cannot exchange two names, to nothing for a moment
/// between two whole ones.
///
/// Owned by one thread; parts may be written by others meanwhile, one for each part. One attempt at
/// a time for one path: a later one clears away what an interrupted one left. Destroyed without
/// `commit`, it removes what was written, as far as the disk allows.
class batch_directory {
public:
  /// Makes the hidden directory, and the directories above it.
  [[nodiscard]] static result<std::unique_ptr<batch_directory>> create(file_system& files,
                                                                       std::string path);

  batch_directory(const batch_directory&) = delete;
  batch_directory& operator=(const batch_directory&) = delete;
  ~batch_directory();

  /// Where to write that part: `part-00000` and so on.
  [[nodiscard]] std::string part_path(std::size_t partition) const;

  /// Adds the empty file `_SUCCESS`, as Spark does, and puts the directory in place of one of the
  /// same name. All parts must be durable. On return all is durable. After an error there is no
  /// use for this attempt; a new one may be made.
  [[nodiscard]] result<void> commit();

  /// What the directory is called after `commit`.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// Removes the directory of that name as a whole, if there is one.
  [[nodiscard]] static result<void> remove(file_system& files, const std::string& path);

private:
  batch_directory(file_system& files, std::string path);

  [[nodiscard]] result<void> put_in_place();
  [[nodiscard]] result<void> replace();

  file_system& files_;
  std::string path_;
  std::string parent_;
  std::string hidden_;
  std::string replaced_;
  bool committed_ = false;
};

/// Writes the lines of a text part. One owner, one thread at a time; the file is good once `finish`
/// has returned. Errors name the file, and end the writer's use. Holds 256 KiB.
class text_part_writer {
public:
  [[nodiscard]] static result<text_part_writer> create(file_system& files, std::string path);

  /// Writes the text and a line feed.
  [[nodiscard]] result<void> add(std::string_view line) {
    buffer_.append(line);
    buffer_ += '\n';
    return buffer_.size() < buffer_bytes ? result<void>{} : flush();
  }

  /// On return all of it is durable.
  [[nodiscard]] result<void> finish();

  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_ + buffer_.size(); }

private:
  static constexpr std::size_t buffer_bytes = std::size_t{256} << 10U;

  explicit text_part_writer(std::unique_ptr<append_file> file) : file_{std::move(file)} {}

  result<void> flush();

  std::unique_ptr<append_file> file_;
  std::string buffer_;
  std::uint64_t bytes_ = 0;
};

} // namespace millrace
