#pragma once

#include "millrace/io/file_system.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// What a record file holds in all.
struct record_file_totals {
  std::uint64_t blocks = 0;
  std::uint64_t records = 0;
  /// Of all blocks' content.
  std::uint64_t bytes = 0;

  friend bool operator==(const record_file_totals&, const record_file_totals&) = default;
};

/// Writes a file of blocks of encoded records, each with its number of records and a checksum,
/// closed by a trailer with the totals: a reader sees every changed, missing or added byte
/// (`files/FORMAT.md` has the layout). What the bytes mean is told by the label.
/// One owner, one thread at a time. The file grows in place and is good only once `finish` has
/// returned, so write it under a name that nobody reads, and rename it then. After an error the
/// writer is of no more use; the unfinished file stays, and a later `create` begins it anew.
class record_file_writer {
public:
  /// Bytes of one block and of the label, at most.
  static constexpr std::size_t max_block_bytes = std::size_t{1} << 30U;
  static constexpr std::size_t max_label_bytes = std::size_t{1} << 16U;

  /// What the file held before is gone.
  static result<record_file_writer> create(file_system& files, std::string path,
                                           std::string_view label);

  /// Appends a block whose content is the parts one after the other; too_large over
  /// `max_block_bytes`.
  result<void> add(std::uint32_t records,
                   std::initializer_list<std::span<const unsigned char>> parts);

  /// Writes the trailer; on return the content is durable (the name is after `sync_directory`).
  /// Nothing may be added afterwards.
  result<void> finish();

  [[nodiscard]] const record_file_totals& totals() const noexcept { return totals_; }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
  record_file_writer(std::unique_ptr<append_file> file, std::string path)
      : file_{std::move(file)}, path_{std::move(path)} {}

  std::unique_ptr<append_file> file_;
  std::string path_;
  record_file_totals totals_;
};

/// One block as it was added.
struct record_file_block {
  std::uint32_t records = 0;
  /// Of the content's first byte in the file.
  std::uint64_t offset = 0;
  std::vector<unsigned char> content;
};

/// Reads what `record_file_writer` wrote, block by block, and gives out nothing that is not what
/// was written: anything else is corrupt_data with the path and the offset, also a file cut off
/// between two blocks. One owner, one thread at a time. Holds no more than one block, and takes no
/// memory on the word of a damaged length beyond the size of the file.
class record_file_reader {
public:
  /// corrupt_data when it does not begin as a record file, unsupported for a later version.
  static result<record_file_reader>
  open(const file_system& files, std::string path,
       std::size_t max_block_bytes = record_file_writer::max_block_bytes);

  [[nodiscard]] const std::string& label() const noexcept { return label_; }

  /// The next block; nothing after the last one, once the trailer has been found right. After an
  /// error or the end it must not be called again.
  result<std::optional<record_file_block>> next();

  /// What was read so far.
  [[nodiscard]] const record_file_totals& totals() const noexcept { return totals_; }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
  record_file_reader(std::unique_ptr<read_file_handle> file, std::string path, std::uint64_t size,
                     std::size_t max_block_bytes)
      : file_{std::move(file)},
        path_{std::move(path)},
        size_{size},
        max_block_bytes_{max_block_bytes} {}

  result<void> read_header();
  result<void> check_trailer();
  result<void> fill(std::span<unsigned char> into);
  [[nodiscard]] tl::unexpected<error> corrupt(std::uint64_t offset, std::string_view why) const;

  std::unique_ptr<read_file_handle> file_;
  std::string path_;
  std::uint64_t size_;
  std::size_t max_block_bytes_;
  std::uint64_t at_ = 0;
  std::string label_;
  record_file_totals totals_;
};

} // namespace millrace
